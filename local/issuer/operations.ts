import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { ClientSettings, PoolSettings } from "./settings.ts";
import type { IssuerState, RefreshToken, User } from "./state.ts";
import type { TokenFactory } from "./tokens.ts";

/** A refusal in Cognito's words. */
export class CognitoError extends Error {
  override readonly name = "CognitoError";
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export interface OperationContext {
  readonly pool: PoolSettings;
  readonly state: IssuerState;
  readonly tokens: TokenFactory;
  /** Unix seconds. */
  readonly now: () => number;
  /** Log in by password even where the client declares SRP alone. */
  readonly allowPasswordFlow: boolean;
}

type Operation = (input: unknown, context: OperationContext) => Promise<object>;

const TEXT = z.string().min(1).max(8192);

const INITIATE = z.object({ AuthFlow: TEXT, ClientId: TEXT, AuthParameters: z.record(z.string(), TEXT).default({}) });
const REFRESH = z.object({ ClientId: TEXT, RefreshToken: TEXT });
const REVOKE = z.object({ ClientId: TEXT, Token: TEXT });
const ACCESS = z.object({ AccessToken: TEXT });

/** Operations of the Cognito user pools API by name. Source: Cognito user pools API reference. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  async InitiateAuth(raw, context) {
    const input = read(INITIATE, raw);
    const client = clientOf(input.ClientId, context);
    if (input.AuthFlow === "USER_PASSWORD_AUTH") {
      if (!context.allowPasswordFlow && !client.flows.has("ALLOW_USER_PASSWORD_AUTH"))
        throw new CognitoError("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client");
      return logIn(input.AuthParameters, client, context);
    }
    if (input.AuthFlow === "REFRESH_TOKEN_AUTH" || input.AuthFlow === "REFRESH_TOKEN")
      return refresh(input.AuthParameters.REFRESH_TOKEN ?? "", client, context);
    throw new CognitoError(
      "InvalidParameterException",
      `${input.AuthFlow.slice(0, 40)} flow not enabled for this client`,
    );
  },

  async GetTokensFromRefreshToken(raw, context) {
    const input = read(REFRESH, raw);
    return refresh(input.RefreshToken, clientOf(input.ClientId, context), context);
  },

  async RevokeToken(raw, { state, now, ...context }) {
    const input = read(REVOKE, raw);
    const client = clientOf(input.ClientId, context);
    const entry = state.refreshToken(input.Token, now());
    // An unknown token is no error: what the client wants is true already.
    if (entry?.client === client.id) state.revoke(({ originJti }) => originJti === entry.originJti);
    return {};
  },

  async GetUser(raw, context) {
    const { name, user } = await signedIn(raw, context);
    return { Username: name, UserAttributes: [{ Name: "sub", Value: user.sub }] };
  },

  async GlobalSignOut(raw, context) {
    const { name } = await signedIn(raw, context);
    context.state.revoke((entry) => entry.user === name);
    return {};
  },
};

async function logIn(
  parameters: Readonly<Record<string, string>>,
  client: ClientSettings,
  context: OperationContext,
): Promise<object> {
  const { USERNAME: name, PASSWORD: password } = parameters;
  if (!name || !password)
    throw new CognitoError("InvalidParameterException", `Missing required parameter ${name ? "PASSWORD" : "USERNAME"}`);
  const user = context.state.authenticate(name, password);
  if (!user) throw new CognitoError("NotAuthorizedException", "Incorrect username or password.");
  const now = context.now();
  const login: RefreshToken = {
    user: name,
    client: client.id,
    originJti: randomUUID(),
    authTime: now,
    expires: now + client.refreshSeconds,
  };
  return result(login, user, client, context, context.state.addRefreshToken(login));
}

async function refresh(token: string, client: ClientSettings, context: OperationContext): Promise<object> {
  const now = context.now();
  const login = context.state.refreshToken(token, now);
  const user = login && context.state.user(login.user);
  if (!login || !user || login.client !== client.id)
    throw new CognitoError("NotAuthorizedException", "Invalid Refresh Token");
  if (client.rotationGraceSeconds === undefined) return result(login, user, client, context);
  const next = context.state.addRefreshToken({ ...login });
  context.state.limitRefreshToken(token, now + client.rotationGraceSeconds);
  return result(login, user, client, context, next);
}

async function result(
  login: RefreshToken,
  user: User,
  client: ClientSettings,
  { tokens, now }: OperationContext,
  refreshToken?: string,
): Promise<object> {
  const input = {
    username: login.user,
    sub: user.sub,
    groups: user.groups,
    clientId: client.id,
    now: now(),
    authTime: login.authTime,
    originJti: login.originJti,
  };
  return {
    AuthenticationResult: {
      AccessToken: await tokens.accessToken({ ...input, seconds: client.accessSeconds }),
      IdToken: await tokens.idToken({ ...input, seconds: client.idSeconds }),
      ...(refreshToken === undefined ? {} : { RefreshToken: refreshToken }),
      ExpiresIn: client.accessSeconds,
      TokenType: "Bearer",
    },
    ChallengeParameters: {},
  };
}

async function signedIn(
  raw: unknown,
  context: OperationContext,
): Promise<{ readonly name: string; readonly user: User }> {
  const claims = await context.tokens.verifyAccess(read(ACCESS, raw).AccessToken, context.now());
  const name = typeof claims?.username === "string" ? claims.username : "";
  const user = context.state.user(name);
  if (!claims || !user) throw new CognitoError("NotAuthorizedException", "Invalid Access Token");
  if (!context.state.isLoginAlive(claims.origin_jti, context.now()))
    throw new CognitoError("NotAuthorizedException", "Access Token has been revoked");
  return { name, user };
}

function clientOf(id: string, { pool }: Pick<OperationContext, "pool">): ClientSettings {
  const client = pool.clients.get(id);
  if (!client) throw new CognitoError("ResourceNotFoundException", "User pool client does not exist.");
  return client;
}

function read<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "body").join(", ");
  throw new CognitoError("InvalidParameterException", `Missing or malformed parameter: ${fields}`);
}
