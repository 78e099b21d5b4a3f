import { createHmac, type KeyObject } from "node:crypto";

/** What the authorizer tells MLflow about one session of the browser door. */
export interface Assertion {
  readonly sub: string;
  readonly personas: readonly string[];
  readonly groups: readonly string[];
  /** Unix seconds. */
  readonly exp: number;
}

/** Seconds that an assertion outlives the cached answer which carries it: clocks differ, and a request takes time. */
const SLACK_SECONDS = 60;

/** Ends with the token, and soon after the cached answer that carries it. Times are Unix seconds. */
export function assertionExpiry(tokenExpiry: number, now: number, cacheSeconds: number): number {
  return Math.min(tokenExpiry, now + cacheSeconds + SLACK_SECONDS);
}

/** `<payload>.<HMAC-SHA256 of it>`, both base64url: one opaque value for one header, which only a holder of the key can make. */
export function signAssertion(assertion: Assertion, key: KeyObject): string {
  const payload = Buffer.from(JSON.stringify(assertion)).toString("base64url");
  return `${payload}.${createHmac("sha256", key).update(payload).digest("base64url")}`;
}
