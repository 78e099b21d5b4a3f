import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_SECONDS = 30;

/** A secret for an authenticator app, base32. */
export function newSecret(): string {
  return Array.from(randomBytes(32), (byte) => ALPHABET[byte % 32]).join("");
}

/** The six digits of a moment. Source: RFC 6238 with SHA-1, as authenticator apps do. @param time Unix seconds */
export function codeAt(secret: string, time: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(time / STEP_SECONDS)));
  const digest = createHmac("sha1", decoded(secret)).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 0x0f;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/**
 * The time step that a code belongs to: now or one step before or after, since clocks differ.
 *
 * @returns undefined for a wrong code; a step, to be refused when it was used already
 */
export function stepOfCode(secret: string, code: string, time: number): number | undefined {
  const given = Buffer.from(code);
  return [0, -1, 1]
    .map((shift) => Math.floor(time / STEP_SECONDS) + shift)
    .find((step) => {
      const expected = Buffer.from(codeAt(secret, step * STEP_SECONDS));
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
}

function decoded(secret: string): Buffer {
  const bits = [...secret].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = bits.match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}
