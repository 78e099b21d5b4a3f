import { ofType, type Plan, PlanFitError } from "../../plan/plan.ts";
import { declared, numberOf, oneOf, stringList, stringOf } from "../declared.ts";

/** What the program declares of the user pool, as far as tokens depend on it. Lifetimes in seconds. */
export interface PoolSettings {
  readonly poolId: string;
  readonly region: string;
  readonly issuer: string;
  readonly clients: ReadonlyMap<string, ClientSettings>;
  readonly groups: ReadonlySet<string>;
}

export interface ClientSettings {
  readonly id: string;
  readonly flows: ReadonlySet<string>;
  readonly accessSeconds: number;
  readonly idSeconds: number;
  readonly refreshSeconds: number;
  /** Rotation of refresh tokens: how long the old one still works; undefined = no rotation. */
  readonly rotationGraceSeconds: number | undefined;
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
    };
  });
  if (!clients.length) throw new PlanFitError(`stack ${plan.stack} declares no client of the user pool ${poolId}`);
  return {
    poolId,
    region,
    issuer: `https://cognito-idp.${region}.amazonaws.com/${poolId}`,
    clients: new Map(clients.map((client) => [client.id, client])),
    groups: new Set(own("aws:cognito/userGroup:UserGroup").map((group) => stringOf(group.inputs.name) ?? group.id)),
  };
}
