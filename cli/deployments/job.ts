import { AT_TERMINAL, afterCrash } from "../../automation/jobs/orphans.ts";
import { runJob } from "../../automation/jobs/run.ts";
import { stepsOf } from "../../automation/jobs/steps.ts";
import type { Job, JobRequest, Step } from "../../automation/jobs/types.ts";
import type { Automation } from "../../automation/open.ts";
import { withAutomation } from "./opened.ts";
import type { OrganizationOptions } from "./options.ts";
import { showJob } from "./show.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Runs a job in this terminal, shows it, and says by its exit code whether all went well. */
export async function jobInTerminal(
  options: OrganizationOptions,
  request: Omit<JobRequest, "only" | "parallel">,
): Promise<readonly Step[]> {
  return withAutomation(options, (automation) =>
    jobOf(automation, { ...request, only: options.only, parallel: options.parallel }, options.json ?? false),
  );
}

/** Runs a job of an organization that is open. Ctrl-C lets `pulumi` end what it has begun; a second one ends this process alone. */
export async function jobOf(automation: Automation, request: JobRequest, json: boolean): Promise<readonly Step[]> {
  const { store } = automation;
  afterCrash(store);
  const job = store.create(request, stepsOf(request, automation.organization().members), AT_TERMINAL);
  let told = false;
  const interrupt = () => {
    if (told) process.exit(130);
    told = true;
    store.cancel(job.id);
    const stopping = "stopping: pulumi ends what it has begun (Ctrl-C once more leaves it alone)";
    // By the job's own lines, since a live tree shows nothing else before its end.
    const running = json ? [] : store.steps(job.id).filter(({ state }) => state === "running");
    for (const { ordinal, member } of running) store.say(job.id, ordinal, `${member}: ${stopping}`);
    if (running.length === 0) process.stderr.write(`${stopping}\n`);
  };
  // CI systems send the second where a terminal sends the first.
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    const end = showJob(store, job, json);
    const done: Job = await runJob(automation, job);
    const steps = store.steps(job.id);
    await end(done, steps);
    if (done.state !== "done") process.exitCode = 1;
    return steps;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
