import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Persona } from "../authorizer/catalogue/personas.ts";
import { PERSON_CLAIM } from "../authorizer/identity/federation.ts";
import { identityProviders, managedLogin, preTokenFunction } from "./cognitoUi/federation.ts";
import { hosting } from "./cognitoUi/hosting.ts";
import { identityPool } from "./cognitoUi/identityPool.ts";
import { userPool, userPoolClient } from "./cognitoUi/userPool.ts";
import type { CentralSettings } from "./settings/central.ts";

export interface CognitoUiArgs {
  readonly account: string;
  readonly region: string;
  readonly settings: CentralSettings["login"];
  readonly ui: CentralSettings["ui"];
  readonly personas: readonly Persona[];
  /** Groups whose members have a persona or enter a workspace, with what each is for. */
  readonly groups: Readonly<Record<string, string>>;
  /** Days that logs are kept. */
  readonly logDays: number;
}

/** Who may log in at the browser: people that an administrator made, or that the company's identity provider names, under the name that MLflow knows them by. */
export class CognitoUi extends pulumi.ComponentResource {
  readonly userPoolId: pulumi.Output<string>;
  readonly clientId: pulumi.Output<string>;
  /** Issuer of the tokens. */
  readonly issuer: pulumi.Output<string>;
  /** Claim of an access token that names the person. */
  readonly personClaim: string;
  /** Host of the managed login page; null without identity providers. */
  readonly loginDomain: pulumi.Output<string> | null;
  /** Names of the identity providers. */
  readonly providers: readonly string[];
  /** null where the stack has no identity pool. */
  readonly identityPoolId: pulumi.Output<string> | null;
  readonly #deploy: (browserApiUrl: pulumi.Output<string>) => void;

  constructor(name: string, args: CognitoUiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:index:CognitoUi", name, {}, opts);
    const child = { parent: this };
    const { account, region, settings, logDays } = args;
    const federated = settings.identityProviders.length > 0;
    const preToken = federated
      ? preTokenFunction(`${name}-person`, { account, region, federation: federationOf(args), logDays }, child)
      : null;
    const pool = userPool(`${name}-pool`, settings, preToken, child);
    const providers = identityProviders(`${name}-provider`, settings.identityProviders, pool);
    const urls = [
      ...(args.ui.domain === null ? [] : [`https://${args.ui.domain}/`]),
      ...args.ui.allowedOrigins.map((origin) => `${origin}/`),
    ];
    const client = userPoolClient(`${name}-client`, settings, pool, providers, urls);
    const domain =
      settings.domainPrefix === null ? null : managedLogin(`${name}-domain`, settings.domainPrefix, pool, client);
    const personaNames = args.personas.map((persona) => persona.name);
    const credentials = settings.identityPool
      ? identityPool(`${name}-identity`, { region, userPoolId: pool.id, clientId: client.id }, personaNames, child)
      : null;
    for (const [group, description] of Object.entries(args.groups)) {
      const persona = args.personas.find((each) => each.group === group)?.name ?? "";
      const role = credentials?.roles[persona];
      new aws.cognito.UserGroup(
        `${name}-group-${group}`,
        { userPoolId: pool.id, name: group, description, ...(role ? { roleArn: role.arn } : {}) },
        { parent: pool },
      );
    }

    this.userPoolId = pool.id;
    this.clientId = client.id;
    this.issuer = pulumi.interpolate`https://cognito-idp.${region}.amazonaws.com/${pool.id}`;
    this.personClaim = federated ? PERSON_CLAIM : "username";
    this.loginDomain = domain && pulumi.interpolate`${domain.domain}.auth.${region}.amazoncognito.com`;
    this.providers = settings.identityProviders.map((provider) => provider.name);
    this.identityPoolId = credentials?.id ?? null;
    this.#deploy = (apiUrl) => {
      if (!args.ui.hosting || args.ui.domain === null) return;
      const configuration = {
        apiUrl,
        region,
        userPoolId: pool.id,
        userPoolClientId: client.id,
        loginDomain: this.loginDomain,
        providers: this.providers.map((provider) => ({ name: provider, label: provider })),
      };
      hosting(
        `${name}-ui`,
        { region, domain: args.ui.domain, configuration, apiUrl, loginDomain: this.loginDomain, logDays },
        child,
      );
    };
    this.registerOutputs({ userPoolId: this.userPoolId, clientId: this.clientId });
  }

  /** Deploys the built UI, which has to know the `browser` door. */
  deployUi(browserApiUrl: pulumi.Output<string>): void {
    this.#deploy(browserApiUrl);
  }
}

/** What the function before a token knows. */
function federationOf({ settings, personas, groups }: CognitoUiArgs) {
  const groupOf = (persona: string) => personas.find(({ name }) => name === persona)?.group ?? "";
  const ofPersonas = new Set(personas.map(({ group }) => group));
  return {
    providers: Object.fromEntries(
      settings.identityProviders.map(({ name, groups: company, domains }) => [
        name,
        {
          domains,
          groups: Object.fromEntries(Object.entries(company).map(([group, persona]) => [group, groupOf(persona)])),
        },
      ]),
    ),
    workspaceGroups: Object.keys(groups).filter((group) => !ofPersonas.has(group)),
  };
}
