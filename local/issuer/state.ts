import { createHash, generateKeyPairSync, randomBytes, randomUUID, scryptSync, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const STATE = z.object({
  /** PKCS #8, PEM. */
  key: z.string(),
  users: z.record(
    z.string(),
    z.object({ sub: z.string(), salt: z.string(), hash: z.string(), groups: z.array(z.string()) }),
  ),
  /** By SHA-256 of the token. */
  refreshTokens: z.record(
    z.string(),
    z.object({
      user: z.string(),
      client: z.string(),
      originJti: z.string(),
      authTime: z.number(),
      expires: z.number(),
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

/** Cheap on purpose: passwords of a local run are shown on the screen. */
const SCRYPT = { N: 4096, r: 8, p: 1 };

/** What the issuer keeps between runs: its signing key, users, logins. One file, readable by its owner alone. */
export class IssuerState {
  readonly #file: string;
  readonly #state: State;

  private constructor(file: string, state: State) {
    this.#file = file;
    this.#state = state;
  }

  /** Opens or creates the file; the users given are all there are. */
  static open(directory: string, users: readonly LocalUser[], now: number): IssuerState {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, "issuer.json");
    const old = existsSync(file) ? STATE.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
    const entries = users.map((user) => [user.name, entryOf(user, old?.users[user.name])] as const);
    const state: State = { key: old?.key ?? newKey(), users: Object.fromEntries(entries), refreshTokens: {} };
    for (const [hash, token] of Object.entries(old?.refreshTokens ?? {})) {
      if (state.users[token.user] && token.expires > now) state.refreshTokens[hash] = token;
    }
    const opened = new IssuerState(file, state);
    opened.#save();
    return opened;
  }

  get key(): string {
    return this.#state.key;
  }

  user(name: string): User | undefined {
    return Object.hasOwn(this.#state.users, name) ? this.#state.users[name] : undefined;
  }

  /** The user whose password it is. Takes as long for an unknown name as for a wrong password. */
  authenticate(name: string, password: string): User | undefined {
    const user = this.user(name);
    const hash = hashOf(password, user?.salt ?? "no such user");
    return user && timingSafeEqual(Buffer.from(hash), Buffer.from(user.hash)) ? user : undefined;
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

/** The entry of a user; his `sub` stays the same through every run. */
function entryOf({ password, groups }: LocalUser, old: User | undefined): User {
  const salt = old?.salt ?? randomBytes(16).toString("base64");
  return { sub: old?.sub ?? randomUUID(), salt, hash: hashOf(password, salt), groups: [...groups] };
}

function hashOf(password: string, salt: string): string {
  return scryptSync(password, salt, 32, SCRYPT).toString("base64");
}

/** Refresh tokens are long and random, so a plain hash is enough. */
function fingerprint(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
