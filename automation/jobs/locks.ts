import { alive, type ProcessMark } from "../engine/processes.ts";
import type { JobStore } from "./store.ts";
import type { Step } from "./types.ts";

/** Milliseconds between two tries. */
const PAUSE = 300;

/** A `pulumi` and what it was started for. */
export interface EngineMark extends ProcessMark {
  readonly job: string;
  readonly ordinal: number;
}

/** A stack that nobody else works on. */
export interface StackLock {
  /** A `pulumi` that began to change the stack and whose end nobody saw; null: there is none. It has ended by now, or ran on another machine. */
  readonly unfinished: EngineMark | null;
  /** Keeps the `pulumi` that is about to change the stack. */
  readonly engineStarted: (mark: EngineMark) => void;
  /** Its end was seen, or what it left was put right. */
  readonly settled: () => void;
  readonly release: () => void;
}

interface Row {
  readonly holder: string | null;
  readonly engine: string | null;
  readonly dirty: number;
}

/**
 * Waits until nobody works on a stack: neither another job here nor in another process, nor a `pulumi` that a killed process left behind and that goes on
 * with its work.
 *
 * @param waiting called once, with what it waits for
 */
export async function lockStack(
  store: JobStore,
  stack: string,
  waiting: (why: string) => void,
  signal: AbortSignal,
): Promise<StackLock> {
  let told = false;
  for (;;) {
    signal.throwIfAborted();
    const taken = tryLock(store, stack);
    if (typeof taken !== "string") return taken;
    if (!told) waiting(taken);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/**
 * Stops the `pulumi` that a step began in an earlier life of this service and that still works, and waits for its end: who cancels a job counts on nothing
 * being changed for it any more.
 */
export async function stopOrphan({ database }: JobStore, { stack, job, ordinal }: Step): Promise<void> {
  const row = database.prepare("SELECT engine FROM stacks WHERE stack = ?").get(stack) as
    | { engine: string | null }
    | undefined;
  const mark = parsed(row?.engine ?? null) as EngineMark | null;
  if (mark?.job !== job || mark.ordinal !== ordinal || !alive(mark)) return;
  process.kill(mark.pid, "SIGINT");
  while (alive(mark)) await new Promise((resolve) => setTimeout(resolve, PAUSE));
}

/** The lock, or with what the stack is busy. */
export function tryLock(store: JobStore, stack: string): StackLock | string {
  const { database, self } = store;
  const run = (sql: string, ...values: (string | null)[]) => void database.prepare(sql).run(...values, stack);
  database.exec("BEGIN IMMEDIATE");
  try {
    const row = database.prepare("SELECT holder, engine, dirty FROM stacks WHERE stack = ?").get(stack) as
      | unknown
      | undefined as Row | undefined;
    const busy = row && busyWith(row);
    if (busy) {
      database.exec("ROLLBACK");
      return busy;
    }
    if (!row) run("INSERT INTO stacks (stack) VALUES (?)");
    run("UPDATE stacks SET holder = ? WHERE stack = ?", JSON.stringify(self));
    database.exec("COMMIT");
    return {
      unfinished: row?.dirty ? (parsed(row.engine) as EngineMark | null) : null,
      engineStarted: (mark) => run("UPDATE stacks SET engine = ?, dirty = 1 WHERE stack = ?", JSON.stringify(mark)),
      settled: () => run("UPDATE stacks SET engine = NULL, dirty = 0 WHERE stack = ?"),
      release: () => run("UPDATE stacks SET holder = NULL WHERE stack = ?"),
    };
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function busyWith({ holder, engine }: Row): string | null {
  const [by, running] = [parsed(holder), parsed(engine)];
  if (running && alive(running)) return `pulumi (process ${running.pid}) is at work on it`;
  if (by && alive(by)) return `another job (process ${by.pid}) works on it`;
  return null;
}

function parsed(text: string | null): ProcessMark | null {
  return text === null ? null : (JSON.parse(text) as ProcessMark);
}
