import { createHash, createHmac, getDiffieHellman, randomBytes, timingSafeEqual } from "node:crypto";

/** The group of 3072 bits. Source: RFC 3526, section 4; RFC 5054, appendix A. */
const N = BigInt(`0x${getDiffieHellman("modp15").getPrime("hex")}`);
const G = 2n;
const K = numberOf(sha256(padded(N), padded(G)));

/** What is kept of a password: from it a login can be checked, but not made. */
export interface Verifier {
  /** Hexadecimal. */
  readonly salt: string;
  /** Hexadecimal. */
  readonly verifier: string;
}

/** A login under way, on the side that holds the verifier. */
export interface SrpExchange {
  /** Hexadecimal, for the client. */
  readonly publicValue: string;
  /** Whether the client's signature shows that he knows the password. */
  readonly proves: (signature: Buffer, signed: Buffer) => boolean;
}

/** @param identity the pool's name (its id behind the underscore) and the user's name, joined */
export function makeVerifier(
  identity: string,
  password: string,
  salt: string = randomBytes(16).toString("hex"),
): Verifier {
  const inner = sha256(Buffer.from(`${identity}:${password}`));
  const x = numberOf(sha256(padded(BigInt(`0x${salt}`)), inner));
  return { salt, verifier: power(G, x).toString(16) };
}

/** Whether it is the password, for flows that send it. */
export function isPassword(identity: string, password: string, { salt, verifier }: Verifier): boolean {
  const [mine, theirs] = [makeVerifier(identity, password, salt).verifier, verifier].map((hex) =>
    createHash("sha256").update(hex).digest(),
  );
  return mine !== undefined && theirs !== undefined && timingSafeEqual(mine, theirs);
}

/**
 * Answers a client's first value, as Cognito does: SRP-6a with SHA-256, and a key of 16 bytes by HKDF.
 *
 * @param clientValue hexadecimal
 * @returns undefined for a value that no honest client sends, with which no password would be needed
 */
export function startExchange(clientValue: string, { verifier }: Verifier): SrpExchange | undefined {
  if (!/^[0-9a-fA-F]{1,770}$/.test(clientValue)) return undefined;
  const a = BigInt(`0x${clientValue}`);
  if (a % N === 0n) return undefined;
  const v = BigInt(`0x${verifier}`);
  const b = numberOf(randomBytes(32));
  const ours = (K * v + power(G, b)) % N;
  const u = numberOf(sha256(padded(a), padded(ours)));
  if (u === 0n) return undefined;
  const secret = power((a * power(v, u)) % N, b);
  const extracted = createHmac("sha256", padded(u)).update(padded(secret)).digest();
  const key = createHmac("sha256", extracted).update("Caldera Derived Key\u0001").digest().subarray(0, 16);
  return {
    publicValue: ours.toString(16),
    proves: (signature, signed) => {
      const expected = createHmac("sha256", key).update(signed).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
  };
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, factor] = [1n, base % N];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % N;
    factor = (factor * factor) % N;
  }
  return result;
}

/** Big-endian, with a zero byte in front of a set top bit, as Java's BigInteger writes it. */
function padded(value: bigint): Buffer {
  const hex = value.toString(16);
  const even = hex.length % 2 ? `0${hex}` : hex;
  return Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, "hex");
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}
