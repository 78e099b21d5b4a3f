import type { JobStore } from "./store.ts";
import { isOver, type Job } from "./types.ts";

/** Who asked for a job at the command line. */
export const AT_TERMINAL = "terminal";

/**
 * Looks at what a crash left. Jobs of the service go on, since somebody counts on them; those of a terminal end as interrupted, since whoever sat there
 * has seen it and must not be surprised weeks later. What is left of their stacks is put right by the next job there.
 *
 * @returns jobs to go on with
 */
export function afterCrash(store: JobStore): readonly Job[] {
  const orphans = store.orphans();
  for (const job of orphans.filter(({ by }) => by === AT_TERMINAL)) {
    for (const step of store.steps(job.id).filter(({ state }) => !isOver(state)))
      store.finishStep(
        step,
        step.state === "running" ? "interrupted" : "cancelled",
        null,
        step.state === "running"
          ? "the process that deployed ended before it was done; the next job on this stack puts it right"
          : "the process that deployed ended before its turn came",
      );
    store.finish(job.id, "interrupted");
  }
  return orphans.filter(({ by }) => by !== AT_TERMINAL);
}
