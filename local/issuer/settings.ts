import { ofType, type Plan, PlanFitError } from "../../plan/plan.ts";
import {
  type Declared,
  declared,
  declaredList,
  numberOf,
  oneOf,
  stringList,
  stringMap,
  stringOf,
} from "../declared.ts";

/** What the program declares of the user pool, as far as tokens depend on it. Lifetimes in seconds. */
export interface PoolSettings {
  readonly poolId: string;
  readonly region: string;
  readonly issuer: string;
  readonly clients: ReadonlyMap<string, ClientSettings>;
  readonly groups: ReadonlySet<string>;
  /** Second factor. */
  readonly mfa: "OFF" | "OPTIONAL" | "ON";
  /** Whether a forgotten password is replaced with a code sent by e-mail. */
  readonly recoversByEmail: boolean;
  readonly passwords: PasswordPolicy;
  /** ARN of the function called before a token is made. */
  readonly preTokenArn: string | undefined;
  readonly providers: readonly ProviderSettings[];
}

/** What a new password must have. Source: Cognito API, `PasswordPolicyType`. */
export interface PasswordPolicy {
  readonly minimumLength: number;
  readonly lowercase: boolean;
  readonly uppercase: boolean;
  readonly numbers: boolean;
  readonly symbols: boolean;
}

/** A foreign identity provider as declared. */
export interface ProviderSettings {
  readonly name: string;
  readonly type: string;
  /** `oidc_issuer`, `client_id`, … Source: Cognito API, `CreateIdentityProvider` → `ProviderDetails`. */
  readonly details: Readonly<Record<string, string>>;
  /** Attribute of the user pool → claim of the provider. */
  readonly mapping: Readonly<Record<string, string>>;
}

export interface ClientSettings {
  readonly id: string;
  readonly flows: ReadonlySet<string>;
  readonly accessSeconds: number;
  readonly idSeconds: number;
  readonly refreshSeconds: number;
  /** Rotation of refresh tokens: how long the old one still works; undefined = no rotation. */
  readonly rotationGraceSeconds: number | undefined;
  readonly callbackUrls: readonly string[];
  readonly logoutUrls: readonly string[];
  readonly scopes: readonly string[];
  readonly providers: readonly string[];
  /** Sign-in by authorization code is on. */
  readonly codeFlow: boolean;
}

const SECONDS: Readonly<Record<string, number>> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };

/** Reads the one user pool of a stack. @throws when it declares none, or several */
export function poolSettings(plan: Plan): PoolSettings {
  const pool = oneOf(plan, "aws:cognito/userPool:UserPool");
  const poolId = stringOf(pool.state.id) ?? pool.id;
  const region = /^([a-z]{2}(?:-[a-z]+)+-\d)_\w+$/.exec(poolId)?.[1];
  if (region === undefined)
    throw new PlanFitError(`"${poolId}" is not the id of a user pool, such as eu-west-1_AbCdEf123`);
  const own = (type: string) => ofType(plan, type).filter((resource) => resource.inputs.userPoolId === poolId);
  const clients = own("aws:cognito/userPoolClient:UserPoolClient").map((client): ClientSettings => {
    const { inputs } = client;
    const units = declared(inputs.tokenValidityUnits);
    // Units that Cognito takes where the client names none. Source: Cognito API, `CreateUserPoolClient`.
    const lifetime = (name: string, fallback: number, unit: string) =>
      (numberOf(inputs[`${name}Validity`]) ?? fallback) * (SECONDS[stringOf(units[name]) ?? unit] ?? 1);
    const rotation = declared(inputs.refreshTokenRotation);
    return {
      id: stringOf(client.state.id) ?? client.id,
      flows: new Set(stringList(inputs.explicitAuthFlows)),
      accessSeconds: lifetime("accessToken", 1, "hours"),
      idSeconds: lifetime("idToken", 1, "hours"),
      refreshSeconds: lifetime("refreshToken", 30, "days"),
      rotationGraceSeconds:
        rotation.feature === "ENABLED" ? (numberOf(rotation.retryGracePeriodSeconds) ?? 0) : undefined,
      callbackUrls: stringList(inputs.callbackUrls),
      logoutUrls: stringList(inputs.logoutUrls),
      scopes: stringList(inputs.allowedOauthScopes),
      providers: stringList(inputs.supportedIdentityProviders),
      codeFlow:
        inputs.allowedOauthFlowsUserPoolClient === true && stringList(inputs.allowedOauthFlows).includes("code"),
    };
  });
  const mfa = pool.inputs.mfaConfiguration;
  if (!clients.length) throw new PlanFitError(`stack ${plan.stack} declares no client of the user pool ${poolId}`);
  return {
    poolId,
    region,
    issuer: `https://cognito-idp.${region}.amazonaws.com/${poolId}`,
    clients: new Map(clients.map((client) => [client.id, client])),
    groups: new Set(own("aws:cognito/userGroup:UserGroup").map((group) => stringOf(group.inputs.name) ?? group.id)),
    mfa: mfa === "ON" || mfa === "OPTIONAL" ? mfa : "OFF",
    recoversByEmail: declaredList(declared(pool.inputs.accountRecoverySetting).recoveryMechanisms).some(
      ({ name }) => name === "verified_email",
    ),
    passwords: passwordPolicy(declared(pool.inputs.passwordPolicy)),
    preTokenArn: stringOf(declared(declared(pool.inputs.lambdaConfig).preTokenGenerationConfig).lambdaArn),
    providers: own("aws:cognito/identityProvider:IdentityProvider").map(({ inputs, id }) => ({
      name: stringOf(inputs.providerName) ?? id,
      type: stringOf(inputs.providerType) ?? "",
      details: stringMap(inputs.providerDetails),
      mapping: stringMap(inputs.attributeMapping),
    })),
  };
}

function passwordPolicy(policy: Declared): PasswordPolicy {
  return {
    minimumLength: numberOf(policy.minimumLength) ?? 8,
    lowercase: policy.requireLowercase !== false,
    uppercase: policy.requireUppercase !== false,
    numbers: policy.requireNumbers !== false,
    symbols: policy.requireSymbols !== false,
  };
}
