import { afterCrash } from "../jobs/orphans.ts";
import { runJob } from "../jobs/run.ts";
import { stepsOf } from "../jobs/steps.ts";
import type { Job, JobRequest } from "../jobs/types.ts";
import type { Automation } from "../open.ts";

/** Runs the service's jobs. */
export interface Worker {
  /** Keeps a job and begins with it. The same key gives the same job. @throws OrganizationError naming a member that isn't there */
  readonly submit: (request: JobRequest, by: string, key: string | null) => Job;
  /** Tells every `pulumi` to end what it has begun, and waits for it; the jobs go on at the next start. */
  readonly stop: () => Promise<void>;
}

/** Begins with the jobs that a crash or a restart left. */
export function startWorker(automation: Automation, failed: (error: unknown) => void): Worker {
  const { store } = automation;
  const stopping = new AbortController();
  const running = new Map<string, Promise<unknown>>();
  const run = (job: Job) => {
    const end = runJob(automation, job, stopping.signal)
      .catch(failed)
      .finally(() => running.delete(job.id));
    running.set(job.id, end);
  };
  for (const job of afterCrash(store)) run(job);
  return {
    submit: (request, by, key) => {
      const job = store.create(request, stepsOf(request, automation.organization().members), by, key);
      // Made before under the same key: it runs, or has run.
      if (job.state === "waiting" && !running.has(job.id)) run(job);
      return job;
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
}
