import { randomBytes } from "node:crypto";

/** How long a challenge may take. Source: Cognito API, `CreateUserPoolClient` → `AuthSessionValidity`, default. */
const SECONDS = 180;

/** Challenges that wait at most; the oldest goes first. */
const KEPT = 1000;

/** Short-lived things that are used once: challenges, authorization codes, requests at a foreign provider. */
export class Sessions {
  readonly #kept = new Map<string, { readonly value: unknown; readonly until: number }>();
  readonly #now: () => number;

  /** @param now Unix seconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns a key that can't be guessed */
  open(value: unknown, seconds: number = SECONDS): string {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const key = randomBytes(48).toString("base64");
    this.#kept.set(key, { value, until: this.#now() + seconds });
    return key;
  }

  /** Puts back under its key what was taken. */
  giveBack(key: string, value: unknown): void {
    this.#kept.set(key, { value, until: this.#now() + SECONDS });
  }

  /** Takes what a key stands for, if it is of the wanted kind; the key is good no more. */
  take<T>(key: string, isWanted: (value: unknown) => value is T): T | undefined {
    const entry = this.#kept.get(key);
    this.#kept.delete(key);
    return entry && entry.until > this.#now() && isWanted(entry.value) ? entry.value : undefined;
  }
}
