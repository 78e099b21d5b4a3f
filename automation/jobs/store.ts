import { randomUUID } from "node:crypto";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Action, Changes } from "../engine/operations.ts";
import { alive, markOf, type ProcessMark } from "../engine/processes.ts";
import { openDatabase } from "./database.ts";
import { isOver, type Job, type JobEvent, type JobRequest, type State, type Step } from "./types.ts";

export type NewStep = Pick<Step, "stage" | "member" | "stack" | "action">;
type Row = Record<string, string | number | null>;

/** Jobs, their steps and what happened: kept on disk, so that a crash loses none. */
export class JobStore {
  readonly #database: DatabaseSync;
  readonly #listeners = new Set<(event: JobEvent) => void>();
  /** This process. */
  readonly self: ProcessMark;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    const self = markOf(process.pid);
    if (!self) throw new Error("this system doesn't say when a process started");
    this.self = self;
  }

  static async open(data: string): Promise<JobStore> {
    return new JobStore(await openDatabase(data));
  }

  close(): void {
    this.#database.close();
  }

  /** The database, for the locks beside the jobs. */
  get database(): DatabaseSync {
    return this.#database;
  }

  /** Keeps a job. The same key once more gives the job that it made before: whoever lost the answer may ask again. */
  create(request: JobRequest, steps: readonly NewStep[], by: string, key: string | null = null): Job {
    return this.#transaction(() => {
      const known = key === null ? undefined : this.#rows("SELECT * FROM jobs WHERE key = ?", key)[0];
      if (known) return jobOf(known);
      const id = randomUUID();
      this.#run(
        "INSERT INTO jobs (id, kind, request, requester, key, state, created, controller) VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?)",
        id,
        request.kind,
        JSON.stringify(request),
        by,
        key,
        Date.now(),
        JSON.stringify(this.self),
      );
      for (const [ordinal, { stage, member, stack, action }] of steps.entries())
        this.#run(
          "INSERT INTO steps (job, ordinal, stage, member, stack, action, state) VALUES (?, ?, ?, ?, ?, ?, 'waiting')",
          id,
          ordinal,
          stage,
          member,
          stack,
          action,
        );
      return jobOf(this.#rows("SELECT * FROM jobs WHERE id = ?", id)[0] ?? {});
    });
  }

  job(id: string): Job | null {
    const row = this.#rows("SELECT * FROM jobs WHERE id = ?", id)[0];
    return row ? jobOf(row) : null;
  }

  /** Newest first. */
  jobs(limit = 50): readonly Job[] {
    return this.#rows("SELECT * FROM jobs ORDER BY created DESC, rowid DESC LIMIT ?", limit).map(jobOf);
  }

  steps(job: string): readonly Step[] {
    return this.#rows("SELECT * FROM steps WHERE job = ? ORDER BY ordinal", job).map(stepOf);
  }

  /** The newest step of a member that is of one of these actions. */
  lastStep(member: string, actions: readonly Action[]): Step | null {
    const places = actions.map(() => "?").join(", ");
    const row = this.#rows(
      `SELECT * FROM steps WHERE member = ? AND started IS NOT NULL AND action IN (${places}) ORDER BY started DESC LIMIT 1`,
      member,
      ...actions,
    )[0];
    return row ? stepOf(row) : null;
  }

  begin(job: string): void {
    this.#run("UPDATE jobs SET state = 'running', controller = ? WHERE id = ?", JSON.stringify(this.self), job);
  }

  finish(job: string, state: State): void {
    this.#run("UPDATE jobs SET state = ?, finished = ? WHERE id = ?", state, Date.now(), job);
    this.say(job, null, `job ${state}`);
  }

  beginStep({ job, ordinal }: Step): void {
    this.#run(
      "UPDATE steps SET state = 'running', started = ?, attempts = attempts + 1 WHERE job = ? AND ordinal = ?",
      Date.now(),
      job,
      ordinal,
    );
  }

  finishStep({ job, ordinal }: Step, state: State, changes: Changes | null, error: string | null): void {
    this.#run(
      "UPDATE steps SET state = ?, finished = ?, changes = ?, error = ? WHERE job = ? AND ordinal = ?",
      state,
      Date.now(),
      changes && JSON.stringify(changes),
      error,
      job,
      ordinal,
    );
  }

  /** Asks whoever runs the job to stop. */
  cancel(job: string): void {
    this.#run("UPDATE jobs SET cancelled = 1 WHERE id = ? AND state IN ('waiting', 'running')", job);
  }

  /** Says that somebody stops one step of a job; the others go on. */
  cancelStep(job: string, ordinal: number): void {
    this.#run("INSERT OR IGNORE INTO cancelled_steps (job, ordinal) VALUES (?, ?)", job, ordinal);
  }

  isStepCancelled({ job, ordinal }: Step): boolean {
    return this.#rows("SELECT 1 FROM cancelled_steps WHERE job = ? AND ordinal = ?", job, ordinal).length > 0;
  }

  isCancelled(job: string): boolean {
    return this.#rows("SELECT cancelled FROM jobs WHERE id = ?", job)[0]?.cancelled === 1;
  }

  /** Jobs that aren't over and whose process is gone: a crash left them. */
  orphans(): readonly Job[] {
    return this.#rows("SELECT * FROM jobs WHERE state IN ('waiting', 'running') ORDER BY created, rowid")
      .filter(({ controller }) => {
        const mark = JSON.parse(String(controller)) as ProcessMark;
        return !alive(mark);
      })
      .map(jobOf);
  }

  say(job: string, ordinal: number | null, text: string): void {
    const at = Date.now();
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO events (job, at, ordinal, text) VALUES (?, ?, ?, ?)")
      .run(job, at, ordinal, text);
    for (const listen of this.#listeners) listen({ sequence: Number(lastInsertRowid), job, at, ordinal, text });
  }

  events(job: string, after = 0, limit = 1000): readonly JobEvent[] {
    return this.#rows(
      "SELECT sequence, job, at, ordinal, text FROM events WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?",
      job,
      after,
      limit,
    ) as unknown as JobEvent[];
  }

  /** Calls back with everything that this process says from now on. @returns ends it */
  listen(each: (event: JobEvent) => void): () => void {
    this.#listeners.add(each);
    return () => this.#listeners.delete(each);
  }

  #rows(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#database.prepare(sql).all(...values) as Row[];
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

function jobOf(row: Row): Job {
  const request = JSON.parse(String(row.request)) as JobRequest;
  return {
    ...request,
    id: String(row.id),
    by: String(row.requester),
    state: row.state as State,
    created: Number(row.created),
    finished: row.finished === null ? null : Number(row.finished),
  };
}

function stepOf(row: Row): Step {
  return {
    ...(row as unknown as Step),
    changes: row.changes === null ? null : (JSON.parse(String(row.changes)) as Changes),
  };
}

/** The worst of its steps is what came of a job. */
export function outcome(steps: readonly Step[]): State {
  const order: readonly State[] = ["interrupted", "failed", "cancelled", "skipped"];
  return (
    order.find((state) => steps.some((step) => step.state === state)) ??
    (steps.every(({ state }) => isOver(state)) ? "done" : "running")
  );
}
