import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ConsumerSettings } from "../settings/consumer.ts";
import { executionRoleName, executionRolePath, PERSON_TAG } from "../shared/names.ts";
import { serviceTrust } from "../shared/trust.ts";
import { studioPermissions } from "./permissions.ts";

export interface StudioPersonArgs {
  readonly account: string;
  readonly region: string;
  readonly consumer: string;
  readonly profile: string;
  readonly settings: ConsumerSettings["people"][string];
  readonly instanceTypes: readonly string[];
  readonly domainId: pulumi.Output<string>;
  readonly kmsKeyArn: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Input<string>;
  readonly permissionsBoundaryArn: string | null;
}

/**
 * A profile of Studio with an execution role of its own, for one person: only SageMaker of this account takes it, its path says the persona and its tag
 * the person.
 */
export function studioPerson(name: string, args: StudioPersonArgs, opts: pulumi.ResourceOptions): aws.iam.Role {
  const { account, region, consumer, profile, settings } = args;
  const role = new aws.iam.Role(
    name,
    {
      name: executionRoleName(consumer, profile),
      path: executionRolePath(settings.persona),
      description: `Studio profile ${profile} as ${settings.persona}`,
      assumeRolePolicy: serviceTrust("sagemaker.amazonaws.com", account),
      ...(args.permissionsBoundaryArn === null ? {} : { permissionsBoundary: args.permissionsBoundaryArn }),
      tags: { [PERSON_TAG]: settings.person },
    },
    opts,
  );
  const under = { ...opts, parent: role };
  new aws.iam.RolePolicy(
    name,
    {
      role: role.name,
      policy: pulumi
        .all([args.domainId, args.kmsKeyArn])
        .apply(([domainId, kmsKeyArn]) =>
          JSON.stringify(
            studioPermissions({ account, region, domainId, profile, instanceTypes: args.instanceTypes, kmsKeyArn }),
          ),
        ),
    },
    under,
  );
  new aws.sagemaker.UserProfile(
    name,
    {
      domainId: args.domainId,
      userProfileName: profile,
      userSettings: { executionRole: role.arn, securityGroups: [args.securityGroupId] },
    },
    under,
  );
  return role;
}
