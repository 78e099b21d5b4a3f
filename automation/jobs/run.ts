import { EngineError } from "../engine/command.ts";
import type { Engine } from "../engine/operations.ts";
import type { Organization } from "../organization/members.ts";
import { eachAtOnce } from "./limit.ts";
import { runStep } from "./step.ts";
import { type JobStore, outcome } from "./store.ts";
import { isOver, type Job, type Step } from "./types.ts";

/** What a job needs to run. */
export interface Surroundings {
  readonly store: JobStore;
  /** Read anew for each job: somebody may have changed the file. */
  readonly organization: () => Organization;
  readonly engine: (organization: Organization) => Promise<Engine>;
}

/** Milliseconds between two looks whether somebody cancelled the job. */
const LOOK = 500;

/**
 * Runs a job to its end, or goes on with one that a crash left: a step that is over stays so, one that was running is done again, which changes nothing
 * that was done. A consumer's failure stops no other; what comes after a stage that failed is skipped and says why.
 *
 * @param signal stops it; its running steps end as `pulumi` ends them, and go on at the next start
 */
export async function runJob(
  { store, organization, engine }: Surroundings,
  job: Job,
  signal?: AbortSignal,
): Promise<Job> {
  store.begin(job.id);
  const cancelled = new AbortController();
  const lookWhether = () => {
    if (store.isCancelled(job.id)) cancelled.abort();
  };
  // At once, too: who cancelled it before a restart must not see it begin again.
  lookWhether();
  const looking = setInterval(lookWhether, LOOK);
  const stop = AbortSignal.any([cancelled.signal, ...(signal ? [signal] : [])]);
  try {
    const current = organization();
    const means = await engine(current);
    const stages = Math.max(-1, ...store.steps(job.id).map(({ stage }) => stage)) + 1;
    for (let stage = 0; stage < stages; stage++) {
      const why = blocked(store.steps(job.id), stage);
      const open = store.steps(job.id).filter((step) => step.stage === stage && !isOver(step.state));
      await eachAtOnce(open, job.parallel ?? current.parallel, async (step) => {
        if (signal?.aborted) return;
        if (cancelled.signal.aborted) end(step, "cancelled", "the job was cancelled");
        else if (why) end(step, "skipped", why);
        else
          await runStep({ store, engine: means, organization: current, job, cancelled: cancelled.signal, stop }, step);
      });
    }
  } catch (error) {
    // Nothing of a step: the organization file, or no pulumi.
    const why = error instanceof EngineError ? error.output : error instanceof Error ? error.message : String(error);
    for (const step of store.steps(job.id).filter(({ state }) => !isOver(state))) end(step, "failed", why);
  } finally {
    clearInterval(looking);
  }
  const state = outcome(store.steps(job.id));
  if (isOver(state)) store.finish(job.id, state);
  return store.job(job.id) ?? job;

  function end(step: Step, state: "cancelled" | "skipped" | "failed", why: string): void {
    store.finishStep(step, state, null, why);
    store.say(job.id, step.ordinal, `${step.member}: ${step.action} ${state}: ${why}`);
  }
}

/** Why a stage can't begin; null: it can. */
function blocked(steps: readonly Step[], stage: number): string | null {
  const broken = steps.filter((step) => step.stage < stage && step.state !== "done");
  if (broken.length === 0) return null;
  return `waits for ${broken.map(({ member, action, state }) => `${action} of ${member}, which is ${state}`).join("; ")}`;
}
