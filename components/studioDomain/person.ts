import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ConsumerSettings } from "../settings/consumer.ts";
import { executionRole, type Surroundings } from "./executionRole.ts";
import { jobPermissions } from "./jobPermissions.ts";
import { studioPermissions } from "./permissions.ts";

export interface StudioPersonArgs {
  readonly profile: string;
  readonly settings: ConsumerSettings["people"][string];
  readonly environment: Readonly<Record<string, string>>;
  readonly studio: Pick<ConsumerSettings["studio"], "instanceTypes" | "jobInstanceTypes" | "signIn">;
  readonly domainId: pulumi.Output<string>;
  readonly kmsKeyArn: pulumi.Output<string>;
}

/** A profile of Studio with an execution role of its own, for one person. */
export function studioPerson(
  name: string,
  around: Surroundings,
  args: StudioPersonArgs,
  opts: pulumi.ResourceOptions,
): aws.iam.Role {
  const { account, region } = around;
  const { profile, settings, studio } = args;
  const role = executionRole(
    name,
    around,
    {
      profile,
      persona: settings.persona,
      person: settings.person,
      description: `Studio profile ${profile} as ${settings.persona}`,
      environment: args.environment,
    },
    (work) =>
      studio.jobInstanceTypes.length ? jobPermissions({ ...work, instanceTypes: studio.jobInstanceTypes }) : [],
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
            studioPermissions({ account, region, domainId, profile, instanceTypes: studio.instanceTypes, kmsKeyArn }),
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
      userSettings: { executionRole: role.arn, securityGroups: [around.securityGroupId] },
      ...(studio.signIn === "iam"
        ? {}
        : { singleSignOnUserIdentifier: "UserName", singleSignOnUserValue: settings.signInName ?? settings.person }),
    },
    under,
  );
  return role;
}
