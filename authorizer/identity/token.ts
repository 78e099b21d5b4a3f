import { createPublicKey, type JsonWebKey, type KeyObject, verify } from "node:crypto";
import { validateCognitoJwtFields } from "aws-jwt-verify/cognito-verifier";
import { FetchError, JwksNotAvailableInCacheError, JwksValidationError } from "aws-jwt-verify/error";
import type { Fetcher } from "aws-jwt-verify/https";
import { type Jwk, SimpleJwksCache } from "aws-jwt-verify/jwk";
import { validateJwtFields } from "aws-jwt-verify/jwt";
import type { JwtPayload } from "aws-jwt-verify/jwt-model";
import { isPerson } from "./person.ts";

/** A user pool whose access tokens are accepted, and the app clients they must be made for. */
export interface UserPool {
  readonly userPoolId: string;
  readonly clientIds: readonly string[];
  /** Claim that names the person; default `username`, which an administrator chose. A pool with foreign identity providers has one of its own. */
  readonly personClaim?: string;
}

export interface Identity {
  /** null: the token's user name can't stand for a person. */
  readonly person: string | null;
  readonly groups: readonly string[];
  /** Unix seconds. */
  readonly expiry: number;
}

/** The token proves nothing: the caller gets 401. */
export class UnauthorizedError extends Error {
  override readonly name = "UnauthorizedError";
}

export type VerifyToken = (token: string) => Promise<Identity>;

/** Not yet believed: the library's type says more than is known before its checks. */
type Claims = JwtPayload & Readonly<Record<string, unknown>>;

/** Cognito signs with RS256 alone; whatever a token says of itself, no other algorithm is tried. */
const ALGORITHM = "RS256";

/** Shorter keys can be broken. Source: NIST SP 800-131A. */
const MODULUS_BITS = 2048;

/**
 * Makes the check of an access token: signature by the pool's key set, issuer, client, `token_use`, time.
 *
 * Key sets and claims are aws-jwt-verify's; the signature is checked here with one call of Node's, since the library's own way of parsing and checking
 * takes as long again as RSA itself (`npm run bench decision`).
 *
 * @param pools at least one
 * @param fetcher how key sets are fetched; default HTTPS. The key set is kept, so a warm check does no network call
 * @returns rejects with `UnauthorizedError`, or with another error when the key set can't be reached
 */
export function tokenVerifier(pools: readonly UserPool[], fetcher?: Fetcher): VerifyToken {
  if (!pools.length || pools.some((pool) => !pool.clientIds.length))
    throw new Error("no user pool or no app client to accept tokens of");
  const issuers = new Map(pools.map((pool) => [issuerOf(pool.userPoolId), pool]));
  const keys = signingKeys(fetcher);
  return async (token) => {
    const [head = "", body = "", signature = "", ...more] = token.split(".");
    if (more.length) throw new UnauthorizedError("not a token");
    const { alg, kid, crit } = decoded(head);
    if (alg !== ALGORITHM || typeof kid !== "string" || crit !== undefined) throw new UnauthorizedError("header");
    const claims = decoded(body);
    const issuer = claims.iss;
    const pool = typeof issuer === "string" ? issuers.get(issuer) : undefined;
    if (typeof issuer !== "string" || !pool) throw new UnauthorizedError("issuer");
    const key = keys.known(issuer, kid) ?? (await keys.fetched(issuer, kid, claims));
    const signed = Buffer.from(token.slice(0, head.length + 1 + body.length));
    if (!verify("RSA-SHA256", signed, key, Buffer.from(signature, "base64url")))
      throw new UnauthorizedError("signature");
    return identityOf(checked(claims, issuer, pool.clientIds), pool.personClaim ?? "username");
  };
}

/** Source: Cognito guide, "Verifying JSON web tokens", step 2. */
function issuerOf(userPoolId: string): string {
  const [, region] = /^([a-z]{2}(?:-[a-z]+)+-\d)_[A-Za-z0-9]+$/.exec(userPoolId) ?? [];
  if (region === undefined) throw new Error(`\`${userPoolId}\` is not the id of a user pool`);
  return `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`;
}

function decoded(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Claims;
  } catch {
    // Not JSON: said below.
  }
  throw new UnauthorizedError("not a token");
}

/** Finds the key that a token names in its issuer's key set, fetched when needed; a key once found is kept, as the library keeps the set. */
function signingKeys(fetcher: Fetcher | undefined) {
  const keySets = new SimpleJwksCache(fetcher ? { fetcher } : {});
  const found = new Map<string, KeyObject>();
  const known = (issuer: string, kid: string) => found.get(`${issuer} ${kid}`);
  const fetched = async (issuer: string, kid: string, payload: Claims): Promise<KeyObject> => {
    const decomposed = { header: { alg: ALGORITHM, kid }, payload };
    const jwk = await keySets.getJwk(`${issuer}/.well-known/jwks.json`, decomposed).catch((error: unknown) => {
      // Whoever runs this must see that the key set is out of reach; whoever calls without a known key is merely unauthorized.
      const unreachable = [FetchError, JwksNotAvailableInCacheError, JwksValidationError];
      if (unreachable.some((kind) => error instanceof kind)) throw error;
      throw new UnauthorizedError("key");
    });
    const key = publicKey(jwk);
    found.set(`${issuer} ${kid}`, key);
    return key;
  };
  return { known, fetched };
}

function publicKey(jwk: Jwk): KeyObject {
  const fits = jwk.kty === "RSA" && (jwk.alg ?? ALGORITHM) === ALGORITHM && (jwk.use ?? "sig") === "sig";
  if (!fits) throw new UnauthorizedError("key");
  const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < MODULUS_BITS) throw new UnauthorizedError("key");
  return key;
}

function checked(claims: Claims, issuer: string, clientIds: readonly string[]): Claims {
  try {
    validateJwtFields(claims, { issuer, audience: null });
    validateCognitoJwtFields(claims, { tokenUse: "access", clientId: [...clientIds], groups: null });
    return claims;
  } catch (error) {
    throw new UnauthorizedError(error instanceof Error ? error.name : "claims");
  }
}

function identityOf(claims: Claims, personClaim: string): Identity {
  const { exp } = claims;
  const person = claims[personClaim];
  // The library checks an expiry only where there is one; a token that never ends is none of Cognito's.
  if (typeof exp !== "number") throw new UnauthorizedError("expiry");
  const groups = claims["cognito:groups"];
  return {
    // No self sign-up and no alias: `username` is what an administrator wrote, and nobody can change his own; another claim is our function's.
    person: isPerson(person) ? person : null,
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : [],
    expiry: exp,
  };
}
