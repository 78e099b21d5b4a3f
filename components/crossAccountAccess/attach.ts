import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** Gives a role what its persona may do at the `code` door. */
export function attachPersona(
  name: string,
  role: aws.iam.Role,
  policies: readonly aws.iam.Policy[],
  opts: pulumi.ResourceOptions,
): void {
  for (const [index, policy] of policies.entries())
    new aws.iam.RolePolicyAttachment(
      `${name}-${index + 1}`,
      { role: role.name, policyArn: policy.arn },
      { ...opts, parent: role },
    );
}
