import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { attachPersona } from "./crossAccountAccess/attach.ts";
import { given } from "./crossAccountAccess/given.ts";
import { personaTrust } from "./crossAccountAccess/trust.ts";
import { type WorkflowRole, workflowRoles } from "./crossAccountAccess/workflows.ts";
import type { CentralSettings } from "./settings/central.ts";
import { personaRoleName, ROLE_PATH } from "./shared/names.ts";

/** The central account's side: a role for each consumer and persona. */
export interface CentralAccessArgs {
  readonly side: "central";
  /** Organization that callers have to belong to, or null. */
  readonly organization: string | null;
  readonly consumers: CentralSettings["consumers"];
  /** OpenID provider of GitHub Actions; null: made here, where a consumer has workflows. */
  readonly githubProviderArn: string | null;
  /** Managed policies of each persona at the `code` door. */
  readonly personaPolicies: Readonly<Record<string, readonly aws.iam.Policy[]>>;
}

/** A consumer's side: each execution role may take the one persona role that is meant for it. */
export interface ConsumerAccessArgs {
  readonly side: "consumer";
  readonly consumer: string;
  /** By profile: its execution role and its persona. */
  readonly roles: Readonly<Record<string, { readonly role: aws.iam.Role; readonly persona: string }>>;
  /** Persona → ARN of the role in the central account. */
  readonly personaRoleArns: pulumi.Input<Readonly<Record<string, string>>>;
}

export type CrossAccountAccessArgs = CentralAccessArgs | ConsumerAccessArgs;

/** The way from a team's account into the central one, and back to one person: a session of a persona role carries the name of him who took it. */
export class CrossAccountAccess extends pulumi.ComponentResource {
  /** Central side: consumer → persona → ARN of its role. Empty on a consumer's side. */
  readonly personaRoleArns: Readonly<Record<string, Readonly<Record<string, pulumi.Output<string>>>>>;
  /** Central side: consumer → workflow → its role and what that is. Empty on a consumer's side. */
  readonly ciRoleArns: Readonly<Record<string, Readonly<Record<string, WorkflowRole>>>>;

  constructor(name: string, args: CrossAccountAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:index:CrossAccountAccess", name, {}, opts);
    const child = { parent: this };
    if (args.side === "central") {
      this.personaRoleArns = personaRoles(name, args, child);
      this.ciRoleArns = workflowRoles(name, args, child);
    } else {
      mayAssume(name, args, child);
      this.personaRoleArns = {};
      this.ciRoleArns = {};
    }
    this.registerOutputs({ personaRoleArns: this.personaRoleArns });
  }
}

/** Longest session: a role that takes a role gets an hour at most, whatever the role says. Source: IAM User Guide, "Role chaining". */
const SESSION_SECONDS = 3600;

function personaRoles(name: string, args: CentralAccessArgs, opts: pulumi.ResourceOptions) {
  const ofConsumer = ([consumer, settings]: [string, CentralSettings["consumers"][string]]) => {
    const roles = settings.personas.map((persona) => {
      const roleName = personaRoleName(consumer, persona);
      const child = `${name}-${consumer}-${persona}`;
      const role = new aws.iam.Role(
        child,
        {
          name: roleName,
          path: ROLE_PATH,
          description: `MLflow as ${persona}, for people of ${consumer}`,
          maxSessionDuration: SESSION_SECONDS,
          assumeRolePolicy: personaTrust({
            account: settings.account,
            persona,
            organization: args.organization,
            externalId: settings.externalId,
            permissionSets: Object.entries(settings.permissionSets).flatMap(([permissionSet, held]) =>
              held === persona ? permissionSet : [],
            ),
          }),
        },
        opts,
      );
      attachPersona(child, role, args.personaPolicies[persona] ?? [], opts);
      return [persona, role.arn] as const;
    });
    return [consumer, Object.fromEntries(roles)] as const;
  };
  return Object.fromEntries(Object.entries(args.consumers).map(ofConsumer));
}

function mayAssume(name: string, args: ConsumerAccessArgs, opts: pulumi.ResourceOptions): void {
  const personas = [...new Set(Object.values(args.roles).map(({ persona }) => persona))].sort();
  for (const persona of personas) {
    const target = pulumi.output(args.personaRoleArns).apply((arns) => given(arns, args.consumer, persona));
    const child = `${name}-${persona}`;
    const policy = new aws.iam.Policy(
      child,
      {
        path: ROLE_PATH,
        description: `Take the persona ${persona} in the central account`,
        policy: target.apply((arn) =>
          JSON.stringify({
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Action: ["sts:AssumeRole", "sts:SetSourceIdentity"], Resource: arn }],
          }),
        ),
      },
      opts,
    );
    for (const [profile, { role, persona: held }] of Object.entries(args.roles))
      if (held === persona)
        new aws.iam.RolePolicyAttachment(
          `${name}-${profile}`,
          { role: role.name, policyArn: policy.arn },
          { ...opts, parent: role },
        );
  }
}
