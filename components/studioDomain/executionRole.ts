import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { executionRoleName, executionRolePath, PERSON_TAG } from "../shared/names.ts";
import { type WorkPermissionsArgs, workPermissions } from "./jobPermissions.ts";
import { PARAMETERS } from "./lifecycle.ts";
import { executionTrust } from "./trust.ts";

/** The account's things that every execution role shares. */
export interface Surroundings {
  readonly account: string;
  readonly region: string;
  readonly consumer: string;
  readonly bucketArn: pulumi.Output<string>;
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: readonly pulumi.Output<string>[];
  readonly securityGroupId: pulumi.Output<string>;
  readonly permissionsBoundaryArn: string | null;
}

export interface ExecutionRoleArgs {
  /** Profile or job: part of the name. */
  readonly profile: string;
  readonly persona: string;
  /** Whom it is bound to: the name that MLflow shows. */
  readonly person: string;
  readonly description: string;
  /** What its code finds in the parameter of its role. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * An execution role for one person or job: SageMaker of this account alone takes it, its path says the persona and its tag the person. It may use its own
 * corner of the account, and read its own settings.
 */
export function executionRole(
  name: string,
  around: Surroundings,
  args: ExecutionRoleArgs,
  more: (work: WorkPermissionsArgs) => readonly object[],
  opts: pulumi.ResourceOptions,
): aws.iam.Role {
  const { account, region } = around;
  const roleName = executionRoleName(around.consumer, args.profile);
  const role = new aws.iam.Role(
    name,
    {
      name: roleName,
      path: executionRolePath(args.persona),
      description: args.description,
      assumeRolePolicy: executionTrust(account),
      ...(around.permissionsBoundaryArn === null ? {} : { permissionsBoundary: around.permissionsBoundaryArn }),
      tags: { [PERSON_TAG]: args.person },
    },
    opts,
  );
  const under = { ...opts, parent: role };
  new aws.iam.RolePolicy(
    `${name}-work`,
    {
      role: role.name,
      policy: pulumi
        .all([around.bucketArn, around.vpcId, around.securityGroupId, pulumi.all([...around.subnetIds])])
        .apply(([bucketArn, vpcId, securityGroupId, subnetIds]) => {
          const work: WorkPermissionsArgs = {
            account,
            region,
            profile: args.profile,
            roleName,
            roleArn: `arn:aws:iam::${account}:role${executionRolePath(args.persona)}${roleName}`,
            bucketArn,
            vpcArn: `arn:aws:ec2:${region}:${account}:vpc/${vpcId}`,
            subnetIds,
            securityGroupId,
          };
          return JSON.stringify({ Version: "2012-10-17", Statement: [...workPermissions(work), ...more(work)] });
        }),
    },
    under,
  );
  new aws.ssm.Parameter(
    name,
    {
      name: `${PARAMETERS}/${roleName}`,
      type: "String",
      description: `Where MLflow is, for ${args.profile}`,
      value: Object.entries(args.environment)
        .map(([key, value]) => `${key}=${value}`)
        .join("\n"),
    },
    under,
  );
  return role;
}
