import { randomUUID } from "node:crypto";
import type { OperationContext } from "./context.ts";
import { CognitoError } from "./errors.ts";
import type { ClientSettings } from "./settings.ts";
import type { RefreshToken, User } from "./state.ts";
import { askTrigger, type TriggerSource } from "./trigger.ts";

export interface GrantedTokens {
  readonly AccessToken: string;
  readonly IdToken: string;
  readonly RefreshToken?: string;
  readonly ExpiresIn: number;
  readonly TokenType: "Bearer";
}

/** Starts a login. @param scope OAuth scopes; default what a login by password gets */
export async function grant(
  name: string,
  user: User,
  client: ClientSettings,
  context: OperationContext,
  source: TriggerSource,
  scope = "aws.cognito.signin.user.admin",
): Promise<GrantedTokens> {
  const now = context.now();
  const login: RefreshToken = {
    user: name.toLowerCase(),
    client: client.id,
    originJti: randomUUID(),
    authTime: now,
    expires: now + client.refreshSeconds,
    scope,
  };
  // The function first: a login that it refuses must leave nothing behind.
  const tokens = await made(login, user, client, context, source);
  return { ...tokens, RefreshToken: context.state.addRefreshToken(login) };
}

/** New tokens of a login that lasts. @throws CognitoError */
export async function refresh(
  token: string,
  client: ClientSettings,
  context: OperationContext,
): Promise<GrantedTokens> {
  const now = context.now();
  const login = context.state.refreshToken(token, now);
  const user = login && context.state.user(login.user);
  if (!login || !user || login.client !== client.id)
    throw new CognitoError("NotAuthorizedException", "Invalid Refresh Token");
  if (!user.enabled) throw new CognitoError("NotAuthorizedException", "User is disabled.");
  const tokens = await made(login, user, client, context, "TokenGeneration_RefreshTokens");
  if (client.rotationGraceSeconds === undefined) return tokens;
  const next = context.state.addRefreshToken({ ...login });
  context.state.limitRefreshToken(token, now + client.rotationGraceSeconds);
  return { ...tokens, RefreshToken: next };
}

async function made(
  login: RefreshToken,
  user: User,
  client: ClientSettings,
  { tokens, now, pool, preToken }: OperationContext,
  source: TriggerSource,
): Promise<GrantedTokens> {
  const asked = { source, name: login.user, user, clientId: client.id };
  const changes = await askTrigger(preToken, pool, asked).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CognitoError("UserLambdaValidationException", `PreTokenGeneration failed with error ${why}.`);
  });
  const input = {
    username: login.user,
    sub: user.sub,
    groups: changes.groups,
    clientId: client.id,
    now: now(),
    authTime: login.authTime,
    originJti: login.originJti,
    scope: login.scope,
  };
  return {
    AccessToken: await tokens.accessToken({ ...input, seconds: client.accessSeconds, claims: changes.accessClaims }),
    IdToken: await tokens.idToken({ ...input, seconds: client.idSeconds, claims: changes.idClaims }),
    ExpiresIn: client.accessSeconds,
    TokenType: "Bearer",
  };
}
