import type { AccessKey } from "./administrator.ts";
import { CognitoError } from "./errors.ts";
import type { HostedSettings } from "./hosted/settings.ts";
import type { Sessions } from "./sessions.ts";
import type { ClientSettings, PoolSettings } from "./settings.ts";
import type { IssuerState, User } from "./state.ts";
import type { TokenFactory } from "./tokens.ts";
import type { Trigger } from "./trigger.ts";

/** What Cognito would send by e-mail. */
export interface Mail {
  readonly user: string;
  readonly subject: "verification code" | "invitation";
  /** Holds a code or a temporary password: for the eyes of the user alone. */
  readonly text: string;
}

export interface OperationContext {
  readonly pool: PoolSettings;
  readonly state: IssuerState;
  readonly tokens: TokenFactory;
  readonly sessions: Sessions;
  /** Unix seconds. */
  readonly now: () => number;
  /** Log in by password even where the client declares SRP alone. */
  readonly allowPasswordFlow: boolean;
  /** Signs the calls of an administrator; without one there is none. */
  readonly administrator: AccessKey | undefined;
  readonly deliver: (mail: Mail) => void;
  /** Function that the pool declares for the moment before a token is made. */
  readonly preToken: Trigger | undefined;
  /** The managed login page; without it nobody logs in at a foreign provider. */
  readonly hosted: HostedSettings | undefined;
}

export type Operation = (input: unknown, context: OperationContext) => Promise<object>;

export function clientOf(id: string, { pool }: Pick<OperationContext, "pool">): ClientSettings {
  const client = pool.clients.get(id);
  if (!client) throw new CognitoError("ResourceNotFoundException", "User pool client does not exist.");
  return client;
}

/** Scope that a token needs for the operations on its own user. */
const SELF_SERVICE = "aws.cognito.signin.user.admin";

/** The user whose good access token it is. @throws CognitoError */
export async function signedIn(
  token: string,
  context: OperationContext,
): Promise<{ readonly name: string; readonly user: User }> {
  const claims = await context.tokens.verifyAccess(token, context.now());
  const name = typeof claims?.username === "string" ? claims.username : "";
  const user = context.state.user(name);
  if (!claims || !user) throw new CognitoError("NotAuthorizedException", "Invalid Access Token");
  if (!context.state.isLoginAlive(claims.origin_jti, context.now()))
    throw new CognitoError("NotAuthorizedException", "Access Token has been revoked");
  if (!user.enabled) throw new CognitoError("NotAuthorizedException", "User is disabled.");
  if (!String(claims.scope).split(" ").includes(SELF_SERVICE))
    throw new CognitoError("NotAuthorizedException", "Access Token does not have required scopes");
  return { name, user };
}
