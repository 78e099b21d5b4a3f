import { createHash, createHmac, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isPassword, makeVerifier, type Verifier } from "./srp.ts";

const USER = z.object({
  sub: z.string(),
  /** Of the password; null: a person of a foreign identity provider, who has none here. */
  password: z.object({ salt: z.string(), verifier: z.string() }).nullable().default(null),
  groups: z.array(z.string()),
  enabled: z.boolean().default(true),
  status: z.enum(["CONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED", "EXTERNAL_PROVIDER"]).default("CONFIRMED"),
  attributes: z.record(z.string(), z.string()).default({}),
  /** Of an authenticator app; `step` is the last one used. */
  totp: z.object({ secret: z.string(), confirmed: z.boolean(), enabled: z.boolean(), step: z.number() }).optional(),
  /** A forgotten password's code, hashed. */
  reset: z.object({ hash: z.string(), expires: z.number(), tries: z.number() }).optional(),
  /** Made by the local run, which gives password, and groups until an administrator changes them, anew at each start. */
  seeded: z.boolean().default(true),
  /** An administrator changed groups or state: they stay. */
  managed: z.boolean().default(false),
  created: z.number().default(0),
});

const STATE = z.object({
  /** PKCS #8, PEM. */
  key: z.string(),
  users: z.record(z.string(), USER),
  /** By SHA-256 of the token. */
  refreshTokens: z.record(
    z.string(),
    z.object({
      user: z.string(),
      client: z.string(),
      originJti: z.string(),
      authTime: z.number(),
      expires: z.number(),
      scope: z.string().default("aws.cognito.signin.user.admin"),
    }),
  ),
});

type State = z.infer<typeof STATE>;
export type User = State["users"][string];
export type RefreshToken = State["refreshTokens"][string];

/** A person who can log in on this machine. */
export interface LocalUser {
  readonly name: string;
  readonly password: string;
  readonly groups: readonly string[];
}

/** Logins kept for one user; the oldest goes first. */
const REFRESH_TOKENS_PER_USER = 20;

/** What the issuer keeps between runs: its signing key, users, logins. One file, readable by its owner alone. */
export class IssuerState {
  readonly #file: string;
  readonly #state: State;
  readonly #poolName: string;

  private constructor(file: string, state: State, poolName: string) {
    this.#file = file;
    this.#state = state;
    this.#poolName = poolName;
  }

  /**
   * Opens or creates the file. Of the users that an earlier run seeded, those given remain; those that an administrator made stay.
   *
   * @param poolName the pool's id behind the underscore, part of every password's verifier
   */
  static open(directory: string, users: readonly LocalUser[], now: number, poolName: string): IssuerState {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, "issuer.json");
    const old = existsSync(file) ? STATE.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
    const made = Object.entries(old?.users ?? {}).filter(([, user]) => !user.seeded);
    const seeded = users.map((user) => [user.name, seededUser(user, old?.users[user.name], poolName, now)] as const);
    const state: State = {
      key: old?.key ?? newKey(),
      users: Object.fromEntries([...made, ...seeded]),
      refreshTokens: {},
    };
    for (const [hash, token] of Object.entries(old?.refreshTokens ?? {})) {
      if (state.users[token.user] && token.expires > now) state.refreshTokens[hash] = token;
    }
    const opened = new IssuerState(file, state, poolName);
    opened.#save();
    return opened;
  }

  get key(): string {
    return this.#state.key;
  }

  get users(): ReadonlyMap<string, User> {
    return new Map(Object.entries(this.#state.users));
  }

  /** By the name in any case: the pool takes no notice of it. */
  user(name: string): User | undefined {
    const key = name.toLowerCase();
    return Object.hasOwn(this.#state.users, key) ? this.#state.users[key] : undefined;
  }

  addUser(name: string, user: Omit<User, "sub">): User {
    const added = { sub: randomUUID(), ...user };
    this.#state.users[name.toLowerCase()] = added;
    this.#save();
    return added;
  }

  /** Changes a user, and keeps it. */
  change(user: User, change: Partial<User>): void {
    Object.assign(user, change);
    this.#save();
  }

  remove(name: string): void {
    delete this.#state.users[name.toLowerCase()];
    this.revoke((entry) => entry.user === name.toLowerCase());
  }

  identity(name: string): string {
    return `${this.#poolName}${name.toLowerCase()}`;
  }

  verifierOf(name: string, password: string): Verifier {
    return makeVerifier(this.identity(name), password);
  }

  /** What a login is checked against; for an unknown name something that no password fits, the same each time. */
  verifier(name: string): Verifier {
    const known = this.user(name)?.password;
    if (known) return known;
    const made = (purpose: string) => createHmac("sha256", this.key).update(`${purpose} ${name.toLowerCase()}`);
    return { salt: made("salt").digest("hex").slice(0, 32), verifier: made("verifier").digest("hex") };
  }

  /** The user whose password it is. Takes as long for an unknown name as for a wrong password. */
  authenticate(name: string, password: string): User | undefined {
    const right = isPassword(this.identity(name), password, this.verifier(name));
    const user = this.user(name);
    return right && user?.password ? user : undefined;
  }

  addRefreshToken(entry: RefreshToken): string {
    const tokens = this.#state.refreshTokens;
    const mine = Object.entries(tokens).filter(([, token]) => token.user === entry.user);
    mine.sort(([, a], [, b]) => a.authTime - b.authTime);
    for (const [hash] of mine.slice(0, Math.max(0, mine.length + 1 - REFRESH_TOKENS_PER_USER))) delete tokens[hash];
    const token = randomBytes(48).toString("base64url");
    tokens[fingerprint(token)] = entry;
    this.#save();
    return token;
  }

  refreshToken(token: string, now: number): RefreshToken | undefined {
    const hash = fingerprint(token);
    const entry = Object.hasOwn(this.#state.refreshTokens, hash) ? this.#state.refreshTokens[hash] : undefined;
    return entry && entry.expires > now ? entry : undefined;
  }

  /** Lets a token work until `time` at most. */
  limitRefreshToken(token: string, time: number): void {
    const entry = this.#state.refreshTokens[fingerprint(token)];
    if (!entry) return;
    entry.expires = Math.min(entry.expires, time);
    this.#save();
  }

  /** Ends the logins that `which` selects. */
  revoke(which: (entry: RefreshToken) => boolean): void {
    for (const [hash, entry] of Object.entries(this.#state.refreshTokens)) {
      if (which(entry)) delete this.#state.refreshTokens[hash];
    }
    this.#save();
  }

  isLoginAlive(originJti: unknown, now: number): boolean {
    return Object.values(this.#state.refreshTokens).some(
      (entry) => entry.originJti === originJti && entry.expires > now,
    );
  }

  #save(): void {
    const draft = `${this.#file}.new`;
    writeFileSync(draft, JSON.stringify(this.#state), { mode: 0o600 });
    renameSync(draft, this.#file);
  }
}

/** The entry of a seeded user; his `sub` and his authenticator app stay through every run. */
function seededUser({ name, password, groups }: LocalUser, old: User | undefined, pool: string, now: number): User {
  const verifier = makeVerifier(`${pool}${name}`, password, old?.password?.salt);
  return {
    sub: old?.sub ?? randomUUID(),
    password: verifier,
    groups: old?.managed ? old.groups : [...groups],
    enabled: old?.managed ? old.enabled : true,
    status: "CONFIRMED",
    attributes: name.includes("@") ? { email: name, email_verified: "true" } : {},
    ...(old?.totp ? { totp: old.totp } : {}),
    seeded: true,
    managed: old?.managed ?? false,
    created: old?.created || now,
  };
}

/** Refresh tokens and codes are random, so a plain hash is enough. */
export function fingerprint(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
