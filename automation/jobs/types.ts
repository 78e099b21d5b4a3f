import type { Action, Changes } from "../engine/operations.ts";

/** What a job does. `onboard`: previews and deploys central, then a consumer. */
export type JobKind = Action | "onboard";

/** `interrupted`: whoever worked on it is gone, and somebody has to look. */
export type State = "waiting" | "running" | "done" | "failed" | "skipped" | "cancelled" | "interrupted";

export interface JobRequest {
  readonly kind: JobKind;
  /** Names of members; none: all. */
  readonly only: readonly string[];
  /** Consumers at once; default the organization's. */
  readonly parallel?: number | undefined;
  /** Forgets resources that a killed `pulumi` was creating, after somebody has looked for them. */
  readonly clearPending?: boolean | undefined;
}

export interface Job extends JobRequest {
  readonly id: string;
  /** Who asked. */
  readonly by: string;
  readonly state: State;
  /** Unix milliseconds. */
  readonly created: number;
  readonly finished: number | null;
}

/** One action on one stack. Steps of a stage may run at once; a stage waits for the one before. */
export interface Step {
  readonly job: string;
  readonly ordinal: number;
  readonly stage: number;
  readonly member: string;
  readonly stack: string;
  readonly action: Action;
  readonly state: State;
  readonly started: number | null;
  readonly finished: number | null;
  /** How often it was begun: more than once after a crash. */
  readonly attempts: number;
  readonly changes: Changes | null;
  readonly error: string | null;
}

/** What people follow, in order. */
export interface JobEvent {
  readonly sequence: number;
  readonly job: string;
  readonly at: number;
  /** Step it is about; null: the job. */
  readonly ordinal: number | null;
  readonly text: string;
}

/** Over, whatever came of it. */
export function isOver(state: State): boolean {
  return state !== "waiting" && state !== "running";
}
