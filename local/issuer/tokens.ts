import { createPrivateKey, createPublicKey, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { PoolSettings } from "./settings.ts";

export interface TokenInput {
  readonly username: string;
  readonly sub: string;
  readonly groups: readonly string[];
  readonly clientId: string;
  /** Unix seconds. */
  readonly now: number;
  readonly seconds: number;
  readonly authTime: number;
  readonly originJti: string;
  /** OAuth scopes of the access token, one space between two. */
  readonly scope: string;
  /** What a function adds. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Signs and checks the pool's tokens, with Cognito's claims. Source: Cognito guide, "Understanding the access token" and "… the ID token". */
export async function tokenFactory(pool: PoolSettings, privateKeyPem: string) {
  const privateKey = createPrivateKey(privateKeyPem);
  const publicKey = createPublicKey(privateKey);
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const jwks: { readonly keys: readonly JWK[] } = { keys: [{ ...publicJwk, kid, alg: "RS256", use: "sig" }] };

  const sign = (claims: JWTPayload) => new SignJWT(claims).setProtectedHeader({ kid, alg: "RS256" }).sign(privateKey);
  const common = (input: TokenInput): JWTPayload => ({
    ...input.claims,
    sub: input.sub,
    // No empty list: Cognito leaves the claim out.
    ...(input.groups.length ? { "cognito:groups": [...input.groups] } : {}),
    iss: pool.issuer,
    origin_jti: input.originJti,
    event_id: randomUUID(),
    auth_time: input.authTime,
    exp: input.now + input.seconds,
    iat: input.now,
    jti: randomUUID(),
  });

  return {
    jwks,
    accessToken: (input: TokenInput) =>
      sign({
        ...common(input),
        client_id: input.clientId,
        token_use: "access",
        scope: input.scope,
        username: input.username,
      }),
    idToken: (input: TokenInput) =>
      sign({
        ...common(input),
        aud: input.clientId,
        token_use: "id",
        "cognito:username": input.username,
      }),
    /** Claims of a good access token of this pool; undefined for anything else. */
    async verifyAccess(token: string, now: number): Promise<JWTPayload | undefined> {
      const options = { issuer: pool.issuer, algorithms: ["RS256"], currentDate: new Date(now * 1000) };
      const claims = await jwtVerify(token, publicKey, options).then(
        ({ payload }) => payload,
        () => undefined,
      );
      return claims?.token_use === "access" ? claims : undefined;
    },
  };
}

export type TokenFactory = Awaited<ReturnType<typeof tokenFactory>>;
