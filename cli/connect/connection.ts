import { isPerson } from "../../authorizer/identity/person.ts";
import type { Plan } from "../../plan/plan.ts";

/** How somebody outside of Studio comes in: a person by IAM Identity Center, a workflow by GitHub's token. */
export const WAYS = ["identityCenter", "github"] as const;
export type Way = (typeof WAYS)[number];

export interface Asked {
  readonly consumer: string;
  readonly via: Way;
  readonly persona?: string | undefined;
  readonly person?: string | undefined;
  readonly workflow?: string | undefined;
}

/** What a client needs. */
export interface Connection {
  readonly via: Way;
  readonly persona: string;
  readonly roleArn: string;
  readonly region: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Sections of `~/.aws/config`; none for CI. */
  readonly awsConfig: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the permission set has to allow beside; null for CI. */
  readonly permissionPolicy: object | null;
}

/** Outputs of a central stack that a client needs; another version's may lack some. */
interface Outputs {
  readonly trackingUri?: string;
  readonly region?: string;
  readonly uiUrl?: string | null;
  readonly personaRoleArns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly ciRoleArns?: Readonly<
    Record<string, Readonly<Record<string, { readonly arn: string; readonly persona: string }>>>
  >;
  readonly permissionSets?: Readonly<
    Record<string, { readonly account: string; readonly permissionSets: Readonly<Record<string, string>> }>
  >;
  readonly externalIds?: Readonly<Record<string, string | null>>;
  readonly consumerWorkspaces?: Readonly<Record<string, readonly string[]>>;
}

/** Source of what only the company knows. */
const START_URL = "https://<your start page>.awsapps.com/start";
const SESSION = "gatehouse";

/** What to set up, or everything that stands against it as sentences. */
export function connection(plan: Plan, asked: Asked): Connection | { readonly problems: readonly string[] } {
  const outputs = plan.outputs as Outputs;
  const roles = outputs.personaRoleArns?.[asked.consumer];
  if (!outputs.trackingUri || !outputs.region || !roles)
    return {
      problems: [
        `the stack ${plan.stack} lists no consumer \`${asked.consumer}\`; it lists ${known(outputs.personaRoleArns)}`,
      ],
    };
  const common = {
    via: asked.via,
    region: outputs.region,
    environment: {
      MLFLOW_TRACKING_URI: outputs.trackingUri,
      MLFLOW_TRACKING_AUTH: "gatehouse",
      MLFLOW_WORKSPACE: outputs.consumerWorkspaces?.[asked.consumer]?.[0] ?? "default",
      AWS_REGION: outputs.region,
      // MLflow would print links to the code door, which no browser can open.
      MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: "true",
      ...(outputs.uiUrl ? { MLFLOW_UI_URL: outputs.uiUrl } : {}),
    },
  };
  return asked.via === "github" ? forWorkflow(common, asked, outputs) : forPerson(common, asked, outputs, roles);
}

type Common = Pick<Connection, "via" | "region" | "environment">;

function forWorkflow(common: Common, { consumer, workflow = "" }: Asked, outputs: Outputs) {
  const workflows = outputs.ciRoleArns?.[consumer];
  const role = workflows?.[workflow];
  if (!role)
    return {
      problems: [
        `--workflow: ${workflow ? `\`${workflow}\`` : "what is given"} is no key of consumers.${consumer}.github; there is ${known(workflows)}. Add it to the central stack and deploy it`,
      ],
    };
  return { ...common, persona: role.persona, roleArn: role.arn, awsConfig: {}, permissionPolicy: null };
}

function forPerson(
  common: Common,
  { consumer, persona = "", person = "" }: Asked,
  outputs: Outputs,
  roles: Readonly<Record<string, string>>,
) {
  const roleArn = roles[persona];
  const given: unknown = person;
  const center = outputs.permissionSets?.[consumer];
  const sets = Object.entries(center?.permissionSets ?? {}).flatMap(([name, held]) => (held === persona ? name : []));
  const [permissionSet] = sets;
  const problems = [
    ...(roleArn === undefined
      ? [
          `--persona: ${persona ? `\`${persona}\` is no persona of ${consumer}` : "is missing"}; there is ${known(roles)}`,
        ]
      : []),
    ...(isPerson(given)
      ? []
      : [
          `--person: ${person ? `\`${person}\` is no person` : "is missing"}; write the lower-case name that MLflow shows`,
        ]),
    ...(roleArn !== undefined && permissionSet === undefined
      ? [
          `no permission set of IAM Identity Center gives ${persona}: add one to consumers.${consumer}.permissionSets in the central stack, such as {MlPeople: ${persona}}`,
        ]
      : []),
  ];
  if (roleArn === undefined || permissionSet === undefined || !center || problems.length) return { problems };
  const profile = `gatehouse-${consumer}-${persona}`;
  const externalId = outputs.externalIds?.[consumer] ?? null;
  return {
    ...common,
    persona,
    roleArn,
    environment: { ...common.environment, AWS_PROFILE: profile },
    awsConfig: {
      [`sso-session ${SESSION}`]: {
        sso_start_url: START_URL,
        sso_region: common.region,
        sso_registration_scopes: "sso:account:access",
      },
      [`profile ${profile}-login`]: {
        sso_session: SESSION,
        sso_account_id: center.account,
        sso_role_name: permissionSet,
        region: common.region,
      },
      [`profile ${profile}`]: {
        source_profile: `${profile}-login`,
        role_arn: roleArn,
        role_session_name: person,
        ...(externalId === null ? {} : { external_id: externalId }),
        region: common.region,
      },
    },
    permissionPolicy: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Resource: roleArn }],
    },
  };
}

function known(values: object | undefined): string {
  return (
    Object.keys(values ?? {})
      .sort()
      .join(", ") || "none"
  );
}
