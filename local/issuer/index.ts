import { randomUUID } from "node:crypto";
import type { Plan } from "../../plan/plan.ts";
import type { AccessKey } from "./administrator.ts";
import type { Mail, OperationContext } from "./context.ts";
import { issuerHandler } from "./handler.ts";
import type { HostedSettings } from "./hosted/settings.ts";
import { Sessions } from "./sessions.ts";
import { poolSettings } from "./settings.ts";
import { IssuerState, type LocalUser } from "./state.ts";
import { tokenFactory } from "./tokens.ts";
import { askTrigger, type Trigger } from "./trigger.ts";

export type { AccessKey } from "./administrator.ts";
export type { Mail } from "./context.ts";
export type { LocalUser } from "./state.ts";
export type { Trigger } from "./trigger.ts";

export interface IssuerSettings {
  /** The stack that declares the user pool. */
  readonly plan: Plan;
  /** Everyone who can log in; a name left out in the next run can't. */
  readonly users: readonly LocalUser[];
  /** Groups beside the declared ones, which a company's directory would bring in. */
  readonly federatedGroups?: readonly string[];
  /** Where keys, users and logins are kept. */
  readonly directory: string;
  /** Log in by password even where the client declares SRP alone. */
  readonly allowPasswordFlow: boolean;
  /** Key that signs an administrator's calls; default there is none. */
  readonly administrator?: AccessKey | undefined;
  /** Takes what Cognito would send by e-mail; default nobody does. */
  readonly deliver?: (mail: Mail) => void;
  /** The function that the pool declares for the moment before a token is made. */
  readonly preToken?: Trigger | undefined;
  /** How the managed login page is reached; default there is none. */
  readonly hosted?: HostedSettings | undefined;
  /** Milliseconds; default the clock. */
  readonly now?: () => number;
}

export interface TokenOptions {
  readonly seconds?: number;
  /** Default the first client. */
  readonly clientId?: string;
  /** Default the user's own. */
  readonly groups?: readonly string[];
}

/** A Cognito-compatible issuer for the declared user pool. @throws when a user is in a group that isn't declared */
export async function createIssuer(settings: IssuerSettings) {
  const pool = poolSettings(settings.plan);
  const known = new Set([...pool.groups, ...(settings.federatedGroups ?? [])]);
  for (const user of settings.users) {
    const group = user.groups.find((name) => !known.has(name));
    if (group !== undefined)
      throw new Error(
        `user ${user.name} is in the group "${group}", which isn't declared; declared: ${[...known].join(", ")}`,
      );
  }
  const milliseconds = settings.now ?? Date.now;
  const now = () => Math.floor(milliseconds() / 1000);
  const state = IssuerState.open(settings.directory, settings.users, now(), pool.poolId.split("_")[1] ?? "");
  const tokens = await tokenFactory(pool, state.key);
  if (pool.preTokenArn !== undefined && !settings.preToken)
    throw new Error(`the user pool declares ${pool.preTokenArn} before a token is made, and nobody gave that function`);
  const context: OperationContext = {
    pool,
    state,
    tokens,
    now,
    sessions: new Sessions(now),
    allowPasswordFlow: settings.allowPasswordFlow,
    administrator: settings.administrator,
    deliver: settings.deliver ?? (() => undefined),
    preToken: settings.preToken,
    hosted: settings.hosted,
  };
  const keySet = Buffer.from(JSON.stringify(tokens.jwks));
  const jwksUri = `${pool.issuer}/.well-known/jwks.json`;

  return {
    poolId: pool.poolId,
    issuer: pool.issuer,
    clientIds: [...pool.clients.keys()] as readonly string[],
    /** Foreign identity providers through which people can log in here. */
    providers: settings.hosted ? pool.providers.map(({ name }) => name) : [],
    jwks: tokens.jwks,
    /** Key set fetcher for aws-jwt-verify, which takes HTTPS alone by itself. */
    fetchJwks: {
      async fetch(uri: string): Promise<ArrayBuffer> {
        if (uri !== jwksUri) throw new Error(`the local issuer has no key set at ${uri}`);
        return new Uint8Array(keySet).buffer;
      },
    },
    /** Whether there is such a user, whom no administrator has disabled. */
    mayLogIn: (username: string): boolean => state.user(username)?.enabled ?? false,
    /** An access token without password, for the command line. @throws when there is no such user or client, or an administrator disabled him */
    async tokenFor(username: string, options: TokenOptions = {}): Promise<string> {
      const user = state.user(username);
      if (!user) throw new Error(`no user "${username}"; there are: ${[...state.users.keys()].join(", ") || "none"}`);
      if (!user.enabled)
        throw new Error(
          `"${username}" is disabled and gets no token; \`gatehouse users enable ${username}\` lets him in again`,
        );
      const client = pool.clients.get(options.clientId ?? [...pool.clients.keys()][0] ?? "");
      if (!client) throw new Error(`the user pool has no client "${options.clientId}"`);
      const source = "TokenGeneration_Authentication";
      const asked = { source, name: username, user, clientId: client.id } as const;
      const changes = await askTrigger(settings.preToken, pool, asked);
      return tokens.accessToken({
        username,
        sub: user.sub,
        groups: options.groups ?? changes.groups,
        claims: changes.accessClaims,
        scope: "aws.cognito.signin.user.admin",
        clientId: client.id,
        now: now(),
        seconds: options.seconds ?? client.accessSeconds,
        authTime: now(),
        originJti: randomUUID(),
      });
    },
    /** Handler of the user pool's API and key set for `node:http`. */
    handle: issuerHandler(context),
  };
}

export type Issuer = Awaited<ReturnType<typeof createIssuer>>;
