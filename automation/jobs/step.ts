import { hostname } from "node:os";
import { join } from "node:path";
import { EngineError, endOf, type Watch } from "../engine/command.ts";
import { COMMANDS, type Engine, lastChanges, openStack, operate } from "../engine/operations.ts";
import { alive } from "../engine/processes.ts";
import { progressOf, reasonOf } from "../engine/progress.ts";
import type { Organization } from "../organization/members.ts";
import { lockStack, stopOrphan } from "./locks.ts";
import { InterruptedError, recover } from "./recover.ts";
import type { JobStore } from "./store.ts";
import type { Job, State, Step } from "./types.ts";

export interface StepSurroundings {
  readonly store: JobStore;
  readonly engine: Engine;
  readonly organization: Organization;
  readonly job: Job;
  /** Somebody wants the job no more. */
  readonly cancelled: AbortSignal;
  /** Somebody wants the job no more, or this process ends. */
  readonly stop: AbortSignal;
}

/** Does one step with nobody else at its stack, and keeps what came of it. Throws nothing. */
export async function runStep(surroundings: StepSurroundings, step: Step): Promise<void> {
  const { store, job, cancelled, stop } = surroundings;
  const say = (text: string) => store.say(job.id, step.ordinal, `${step.member}: ${text}`);
  const end = (state: State, changes: Step["changes"], error: string | null) => {
    store.finishStep(step, state, changes, error);
    say(`${step.action} ${state}${error === null ? ` ${summary(changes)}` : `: ${error}`}`);
  };
  try {
    const lock = await lockStack(store, step.stack, (why) => say(`waits: ${why}`), stop);
    try {
      store.beginStep(step);
      say(step.attempts > 0 ? `${step.action} again, after a crash` : `${step.action} begins`);
      end("done", await work(surroundings, step, lock, say), null);
    } finally {
      lock.release();
    }
  } catch (error) {
    // This process is told to end: the step goes on with the next one.
    if (stop.aborted && !cancelled.aborted) return;
    if (cancelled.aborted) {
      await stopOrphan(store, step).catch(() => undefined);
      end("cancelled", null, "the job was cancelled");
    } else if (store.isStepCancelled(step)) end("cancelled", null, "somebody stopped it");
    else if (error instanceof InterruptedError) end("interrupted", null, error.message);
    else if (error instanceof EngineError) end("failed", null, reasonOf(error.output));
    else end("failed", null, error instanceof Error ? error.message : String(error));
  }
}

async function work(
  { engine, organization, job, stop }: StepSurroundings,
  step: Step,
  lock: Awaited<ReturnType<typeof lockStack>>,
  say: (text: string) => void,
): Promise<Step["changes"]> {
  const member = organization.members.find(({ name }) => name === step.member);
  if (!member) throw new Error("the organization file lists it no more");
  const watch: Watch = {
    folder: join(engine.data, "said", step.stack),
    started: (mark) => lock.engineStarted({ ...mark, job: job.id, ordinal: step.ordinal }),
    ended: lock.settled,
    line: (line) => {
      const progress = progressOf(line);
      if (progress) say(`${progress.what} ${progress.type} ${progress.name}`);
    },
  };
  const stack = await openStack(engine, member, watch, step.action === "preview" || step.action === "deploy");
  const { unfinished } = lock;
  if (unfinished) {
    const end = endOf(watch.folder, COMMANDS[step.action], unfinished.pid);
    if (end && alive(unfinished) === false && unfinished.host === hostname()) {
      lock.settled();
      // What this very step had begun has ended by itself: doing it again would only find nothing to do.
      if (unfinished.job === job.id && unfinished.ordinal === step.ordinal) {
        say("ended while nobody waited for it");
        if (end.code !== 0) throw new EngineError(COMMANDS[step.action], end.output);
        return lastChanges(stack);
      }
      return operate(stack, step.action, stop);
    }
    say("puts right what was left unfinished");
    await recover(stack.api, unfinished, job.clearPending ?? false);
    lock.settled();
  }
  return operate(stack, step.action, stop);
}

function summary(changes: Step["changes"]): string {
  const words = Object.entries(changes ?? {}).map(([op, count]) => `${count} ${op}`);
  return words.length ? `(${words.join(", ")})` : "(no changes)";
}
