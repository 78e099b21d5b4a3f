import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";
import { ciRoleName, ROLE_PATH } from "../shared/names.ts";
import { attachPersona } from "./attach.ts";

/** Role that a workflow of GitHub Actions takes. */
export interface WorkflowRole {
  readonly arn: pulumi.Output<string>;
  readonly persona: string;
}

export interface WorkflowRolesArgs {
  readonly consumers: CentralSettings["consumers"];
  readonly githubProviderArn: string | null;
  readonly personaPolicies: Readonly<Record<string, readonly aws.iam.Policy[]>>;
}

type Workflow = CentralSettings["consumers"][string]["github"][string];

/** Issuer of the tokens that GitHub gives a workflow's job. Source: GitHub Docs, "OpenID Connect reference". */
const ISSUER = "token.actions.githubusercontent.com";
const AUDIENCE = "sts.amazonaws.com";

/** Roles for workflows of CI: no stored secret, one repository and one branch, tag or environment each. */
export function workflowRoles(
  name: string,
  { consumers, githubProviderArn, personaPolicies }: WorkflowRolesArgs,
  opts: pulumi.ResourceOptions,
): Readonly<Record<string, Readonly<Record<string, WorkflowRole>>>> {
  const asked = Object.values(consumers).some(({ github }) => Object.keys(github).length > 0);
  if (!asked) return mapEntries(consumers, () => ({}));
  const provider: pulumi.Output<string> =
    githubProviderArn === null
      ? new aws.iam.OpenIdConnectProvider(
          `${name}-github`,
          { url: `https://${ISSUER}`, clientIdLists: [AUDIENCE] },
          opts,
        ).arn
      : pulumi.output(githubProviderArn);
  return mapEntries(consumers, ({ github }, consumer) =>
    mapEntries(github, (workflow, key) => {
      const child = `${name}-${consumer}-ci-${key}`;
      const role = new aws.iam.Role(
        child,
        {
          name: ciRoleName(consumer, key),
          path: ROLE_PATH,
          description: `MLflow as ${workflow.persona}, for workflows of ${workflow.repository}`,
          // A longer job asks GitHub for a new token and takes the role again.
          maxSessionDuration: 3600,
          assumeRolePolicy: provider.apply((arn) => workflowTrust(arn, workflow)),
        },
        opts,
      );
      attachPersona(child, role, personaPolicies[workflow.persona] ?? [], opts);
      return { arn: role.arn, persona: workflow.persona };
    }),
  );
}

/** Trust policy for one repository and one branch, tag or environment: the whole subject, without wildcard. */
export function workflowTrust(providerArn: string, { repository, ref, environment }: Workflow): string {
  const subject = environment === null ? `ref:${ref}` : `environment:${environment}`;
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: providerArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: { [`${ISSUER}:aud`]: AUDIENCE, [`${ISSUER}:sub`]: `repo:${repository}:${subject}` },
        },
      },
    ],
  });
}

function mapEntries<T, R>(
  values: Readonly<Record<string, T>>,
  change: (value: T, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)] as const));
}
