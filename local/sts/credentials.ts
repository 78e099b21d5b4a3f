import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Credential } from "../sigv4/index.ts";
import { base32, type Session } from "./principal.ts";
import type { Role } from "./roles.ts";

/** Temporary credentials, as AssumeRole hands them out. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

const CLAIMS = z.object({
  id: z.string(),
  role: z.string(),
  name: z.string(),
  tags: z.record(z.string(), z.string()),
  source: z.string().optional(),
  expiration: z.number(),
});

/** A key shorter than this could be guessed. */
const KEY_BYTES = 32;

/**
 * Credentials that need no table: the session token says whose they are, signed, and the secret is derived from the access key id.
 * So sessions outlive a restart, and nothing grows.
 */
export function credentialMint(key: Buffer, roles: ReadonlyMap<string, Role>, now: () => number) {
  if (key.length < KEY_BYTES) throw new Error(`the key of the local STS must have at least ${KEY_BYTES} bytes`);
  const secret = createSecretKey(key);
  const mac = (purpose: string, text: string) => createHmac("sha256", secret).update(`${purpose}\n${text}`).digest();

  function mint(session: Session, seconds: number): Credentials {
    const id = `ASIA${base32(randomBytes(16))}`;
    const expiration = now() + seconds * 1000;
    const claims: z.infer<typeof CLAIMS> = {
      id,
      role: session.role.arn,
      name: session.name,
      tags: { ...session.tags },
      expiration,
      ...(session.sourceIdentity === undefined ? {} : { source: session.sourceIdentity }),
    };
    const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
    return {
      accessKeyId: id,
      secretAccessKey: mac("secret", id).toString("base64"),
      sessionToken: `${payload}.${mac("token", payload).toString("base64url")}`,
      expiration: new Date(expiration),
    };
  }

  function look(accessKeyId: string, sessionToken: string | undefined): Credential<Session> {
    if (sessionToken === undefined)
      return invalid("the session token is missing: temporary credentials need all three parts");
    const [payload = "", signature = ""] = sessionToken.split(".");
    const wanted = mac("token", payload);
    const actual = Buffer.from(signature, "base64url");
    if (actual.length !== wanted.length || !timingSafeEqual(actual, wanted))
      return invalid("the session token was not made by this local STS (another data folder, or changed)");
    const claims = CLAIMS.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
    if (claims.id !== accessKeyId) return invalid("the session token belongs to another access key");
    const role = roles.get(claims.role);
    if (!role) return invalid(`the role ${claims.role} is no longer declared`);
    if (claims.expiration <= now())
      return { ok: false, reason: "expired", cause: `the session of ${claims.name} ended: assume the role again` };
    return {
      ok: true,
      secret: mac("secret", accessKeyId).toString("base64"),
      principal: { role, name: claims.name, tags: claims.tags, sourceIdentity: claims.source },
    };
  }

  return { mint, look };
}

function invalid(cause: string): Credential<Session> {
  return { ok: false, reason: "invalid", cause };
}
