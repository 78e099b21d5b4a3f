import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from "jose";
import { OrganizationError } from "../organization/errors.ts";
import type { ServiceSettings } from "../organization/schema.ts";

/** What a caller may: a viewer looks, a planner previews and looks for drift, a deployer changes. Each may what the one before may. */
export const ROLES = ["viewer", "planner", "deployer"] as const;
export type Role = (typeof ROLES)[number];

export interface Caller {
  /** The token's subject. */
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
  /** Unix milliseconds at which the token ends. */
  readonly until: number;
}

/** Signatures of a private key alone: `none` and shared secrets prove nothing here. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/**
 * Makes the check of a bearer token: signature, issuer, audience, time, and the groups that give roles.
 *
 * @param path the organization file, to which `keysFile` is relative
 * @returns rejects when the token proves nothing
 */
export async function tokenCheck(settings: ServiceSettings, path: string): Promise<(token: string) => Promise<Caller>> {
  const keys = await keysOf(settings, path);
  const { issuer, audience, groupsClaim, roles } = settings;
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      requiredClaims: ["exp", "sub"],
    });
    const claim = payload[groupsClaim];
    const groups: readonly unknown[] = Array.isArray(claim) ? claim : typeof claim === "string" ? claim.split(" ") : [];
    const highest = ROLES.findLastIndex((role) => roles[role].some((group) => groups.includes(group)));
    return {
      name: payload.sub ?? "",
      roles: new Set(ROLES.slice(0, highest + 1)),
      until: (payload.exp ?? 0) * 1000,
    };
  };
}

async function keysOf({ issuer, jwksUri, keysFile }: ServiceSettings, path: string): Promise<JWTVerifyGetKey> {
  if (keysFile !== undefined) {
    try {
      return createLocalJWKSet(JSON.parse(readFileSync(resolve(dirname(path), keysFile), "utf8")) as JSONWebKeySet);
    } catch (error) {
      throw new OrganizationError(
        `service.keysFile: ${keysFile} can't be used: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return createRemoteJWKSet(new URL(jwksUri ?? (await discovered(issuer))));
}

/** Source: OpenID Connect Discovery 1.0, section 4. */
async function discovered(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const give = "give service.jwksUri or service.keysFile";
  if (!url.startsWith("https://"))
    throw new OrganizationError(`service.issuer: ${issuer} is no https address; ${give}`);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const { jwks_uri: uri } = (await response.json()) as { readonly jwks_uri?: unknown };
    if (typeof uri !== "string" || !uri.startsWith("https://")) throw new Error("it names no keys");
    return uri;
  } catch (error) {
    throw new OrganizationError(
      `${url} can't be used (${error instanceof Error ? error.message : String(error)}); ${give}`,
    );
  }
}
