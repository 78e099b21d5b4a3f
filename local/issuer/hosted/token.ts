import { createHash } from "node:crypto";
import { clientOf, type OperationContext } from "../context.ts";
import { CognitoError } from "../errors.ts";
import { type GrantedTokens, grant, refresh } from "../grant.ts";
import type { Granted } from "./authorize.ts";

/** Answer of `POST /oauth2/token`. Source: Cognito guide, "The token issuer endpoint". */
export interface TokenAnswer {
  readonly status: number;
  readonly body: object;
}

const isGranted = (value: unknown): value is Granted => (value as Partial<Granted> | null)?.kind === "granted";

/** Tokens for an authorization code or a refresh token. */
export async function token(form: URLSearchParams, context: OperationContext): Promise<TokenAnswer> {
  try {
    return { status: 200, body: spoken(await tokens(form, context)) };
  } catch (error) {
    if (!(error instanceof CognitoError)) throw error;
    return { status: 400, body: { error: "invalid_grant", error_description: error.message } };
  }
}

async function tokens(form: URLSearchParams, context: OperationContext): Promise<GrantedTokens> {
  const client = clientOf(form.get("client_id") ?? "", context);
  if (form.get("grant_type") === "refresh_token") return refresh(form.get("refresh_token") ?? "", client, context);
  const granted = context.sessions.take(form.get("code") ?? "", isGranted);
  const user = granted && context.state.user(granted.user);
  const proof = createHash("sha256")
    .update(form.get("code_verifier") ?? "")
    .digest("base64url");
  if (
    form.get("grant_type") !== "authorization_code" ||
    !user?.enabled ||
    granted?.clientId !== client.id ||
    granted.redirectUri !== form.get("redirect_uri") ||
    granted.challenge !== proof
  )
    throw new CognitoError("NotAuthorizedException", "invalid_grant");
  return grant(granted.user, user, client, context, "TokenGeneration_HostedAuth", granted.scope);
}

function spoken({ AccessToken, IdToken, RefreshToken, ExpiresIn }: GrantedTokens): object {
  return {
    access_token: AccessToken,
    id_token: IdToken,
    ...(RefreshToken === undefined ? {} : { refresh_token: RefreshToken }),
    expires_in: ExpiresIn,
    token_type: "Bearer",
  };
}
