import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from "node:crypto";

const KEPT_KEYS = 256;

/** Derived keys live for one UTC day; which secret one came from is kept as its hash. */
const keys = new Map<string, KeyObject>();

/** The signing key of a day, region and service. Source: IAM User Guide, "Create a signed API request", step 3. */
export function signingKey(secret: string, date: string, region: string, service: string): KeyObject {
  const name = hash("sha256", [secret, date, region, service].join("\n"), "base64");
  const known = keys.get(name);
  if (known) return known;
  const derived = [date, region, service, "aws4_request"].reduce<Buffer>(
    (previous, text) => createHmac("sha256", previous).update(text).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  // Node makes a key object out of a buffer at every use, which costs more than the HMAC.
  const key = createSecretKey(derived);
  if (keys.size >= KEPT_KEYS) {
    const [oldest] = keys.keys();
    if (oldest !== undefined) keys.delete(oldest);
  }
  keys.set(name, key);
  return key;
}

/** Hex signature of a string to sign. */
export function signatureOf(key: KeyObject, stringToSign: string): string {
  return createHmac("sha256", key).update(stringToSign).digest("hex");
}

/** Compares without telling, by its time, how much was right. */
export function sameSignature(expected: string, actual: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(actual);
  return a.length === b.length && timingSafeEqual(a, b);
}
