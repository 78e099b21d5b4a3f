import { createRemoteJWKSet, jwtVerify } from "jose";
import { z } from "zod";
import type { ProviderSettings } from "../settings.ts";

/** What a company's OpenID provider says of one of its people. */
export interface Identity {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What the user is told when his provider's part of a login fails. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
}

const DISCOVERY = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  userinfo_endpoint: z.url().optional(),
  jwks_uri: z.url(),
});
const TOKENS = z.object({ id_token: z.string(), access_token: z.string() });
const MILLISECONDS = 10_000;

/** Where a login at the provider starts. @throws ProviderError */
export async function authorizationUrl(
  provider: ProviderSettings,
  request: { readonly redirectUri: string; readonly state: string; readonly nonce: string },
): Promise<string> {
  const { authorization_endpoint } = await discovery(provider);
  const url = new URL(authorization_endpoint);
  const { client_id = "", authorize_scopes = "openid" } = provider.details;
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id,
    redirect_uri: request.redirectUri,
    scope: authorize_scopes,
    state: request.state,
    nonce: request.nonce,
  }))
    url.searchParams.set(name, value);
  return url.href;
}

/** Who logged in, from the provider's code: its ID token, and what its userinfo adds. @throws ProviderError */
export async function identityOf(
  provider: ProviderSettings,
  { code, redirectUri, nonce }: { readonly code: string; readonly redirectUri: string; readonly nonce: string },
): Promise<Identity> {
  const { issuer, token_endpoint, userinfo_endpoint, jwks_uri } = await discovery(provider);
  const { client_id = "", client_secret } = provider.details;
  const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, client_id };
  const tokens = TOKENS.parse(
    await answer(token_endpoint, {
      method: "POST",
      body: new URLSearchParams(client_secret === undefined ? form : { ...form, client_secret }),
    }),
  );
  const { payload } = await jwtVerify(tokens.id_token, createRemoteJWKSet(new URL(jwks_uri)), {
    issuer,
    audience: client_id,
    requiredClaims: ["sub", "exp"],
  }).catch(() => {
    throw new ProviderError(`${provider.name}'s ID token is not one for this user pool`);
  });
  if (payload.nonce !== nonce) throw new ProviderError(`${provider.name}'s ID token is of another login`);
  const more =
    userinfo_endpoint === undefined
      ? {}
      : z
          .record(z.string(), z.unknown())
          .parse(await answer(userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } }));
  if (more.sub !== undefined && more.sub !== payload.sub)
    throw new ProviderError(`${provider.name} speaks of two different people`);
  return { subject: payload.sub ?? "", claims: { ...payload, ...more } };
}

async function discovery(provider: ProviderSettings): Promise<z.infer<typeof DISCOVERY>> {
  const issuer = provider.details.oidc_issuer ?? "";
  const found = DISCOVERY.safeParse(await answer(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`));
  if (!found.success || found.data.issuer !== issuer)
    throw new ProviderError(`${issuer} does not describe itself as an OpenID provider of that name`);
  return found.data;
}

async function answer(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(MILLISECONDS) }).catch(
    () => undefined,
  );
  if (!response?.ok)
    throw new ProviderError(`${new URL(url).origin} ${response ? `answers ${response.status}` : "can't be reached"}`);
  return response.json();
}
