import type { Persona } from "../../authorizer/catalogue/personas.ts";
import type { Door } from "../../authorizer/catalogue/types.ts";

/** Keys that sign for the `code` door. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** How to come as a persona; a door without its part isn't tried with it. */
export interface Caller {
  /** Name in the settings. */
  readonly persona: string;
  /** As whom MLflow should know the caller, at each door; absent: not checked. */
  readonly person?: Readonly<Partial<Record<Door, string>>> | undefined;
  readonly keys?: Keys | undefined;
  /** Access token of the user pool. */
  readonly token?: string | undefined;
}

/** The doors of a stack as they stand, and who may be tried at them. */
export interface Target {
  /** With the stage, without a trailing slash. */
  readonly urls: Readonly<Record<Door, string>>;
  readonly region: string;
  /** Of the UI; null: the browser door answers no origin. */
  readonly origin: string | null;
  readonly callers: readonly Caller[];
}

/** What the program declares: what each answer is compared with. */
export interface Expected {
  readonly personas: readonly Persona[];
  /** Whether a door lets a persona call a method and path. */
  readonly allows: (door: Door, persona: Persona, method: string, path: string) => boolean;
}

export type Outcome = "ok" | "hole" | "broken" | "skipped";

/** What one check came to. `hole`: something passed that must not. `broken`: something is refused, or fails, that must work. */
export interface Finding {
  readonly check: string;
  readonly door: Door | null;
  readonly persona: string | null;
  readonly outcome: Outcome;
  /** What was tried, and what came of it. */
  readonly said: string;
}
