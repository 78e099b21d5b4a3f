import { CognitoJwtVerifier } from "aws-jwt-verify";
import { FetchError, JwksNotAvailableInCacheError } from "aws-jwt-verify/error";
import type { Fetcher } from "aws-jwt-verify/https";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { isPerson } from "./person.ts";

/** A user pool whose access tokens are accepted, and the app clients they must be made for. */
export interface UserPool {
  readonly userPoolId: string;
  readonly clientIds: readonly string[];
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

/**
 * Makes the check of an access token: signature by the pool's key set, issuer, client, `token_use`, time.
 *
 * @param pools at least one
 * @param fetcher how key sets are fetched; default HTTPS. The key set is kept, so a warm check does no network call
 * @returns rejects with `UnauthorizedError`, or with another error when the key set can't be reached
 */
export function tokenVerifier(pools: readonly UserPool[], fetcher?: Fetcher): VerifyToken {
  if (!pools.length || pools.some((pool) => !pool.clientIds.length))
    throw new Error("no user pool or no app client to accept tokens of");
  const verifier = CognitoJwtVerifier.create(
    pools.map(({ userPoolId, clientIds }) => ({ userPoolId, clientId: [...clientIds], tokenUse: "access" as const })),
    { jwksCache: new SimpleJwksCache(fetcher ? { fetcher } : {}) },
  );
  return async (token) => {
    const claims = await verifier.verify(token).catch((error: unknown) => {
      if (error instanceof FetchError || error instanceof JwksNotAvailableInCacheError) throw error;
      throw new UnauthorizedError(error instanceof Error ? error.name : "not a token");
    });
    // aws-jwt-verify checks an expiry only where there is one; a token that never ends is none of Cognito's.
    const expiry: unknown = claims.exp;
    if (typeof expiry !== "number") throw new UnauthorizedError("no expiry");
    // No self sign-up and no alias: `username` is what an administrator wrote, and nobody can change his own.
    const username: unknown = claims.username;
    const groups: unknown = claims["cognito:groups"];
    return {
      person: isPerson(username) ? username : null,
      groups: Array.isArray(groups) ? groups.filter((group) => typeof group === "string") : [],
      expiry,
    };
  };
}
