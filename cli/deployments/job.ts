import { AT_TERMINAL, afterCrash } from "../../automation/jobs/orphans.ts";
import { runJob } from "../../automation/jobs/run.ts";
import { stepsOf } from "../../automation/jobs/steps.ts";
import type { Job, JobRequest, Step } from "../../automation/jobs/types.ts";
import { type Automation, openAutomation } from "../../automation/open.ts";
import type { OrganizationOptions } from "./options.ts";
import { showJob } from "./show.ts";

/** Runs a job in this terminal, shows it, and says by its exit code whether all went well. */
export async function jobInTerminal(
  options: OrganizationOptions,
  request: Omit<JobRequest, "only" | "parallel">,
): Promise<readonly Step[]> {
  const automation = await openAutomation(options);
  try {
    return await jobOf(
      automation,
      { ...request, only: options.only, parallel: options.parallel },
      options.json ?? false,
    );
  } finally {
    automation.store.close();
  }
}

/** Runs a job of an organization that is open. Ctrl-C lets `pulumi` end what it has begun; a second one ends this process alone. */
export async function jobOf(automation: Automation, request: JobRequest, json: boolean): Promise<readonly Step[]> {
  const { store } = automation;
  afterCrash(store);
  const job = store.create(request, stepsOf(request, automation.organization().members), AT_TERMINAL);
  const interrupt = () => {
    process.stderr.write("stopping: pulumi ends what it has begun (Ctrl-C once more leaves it alone)\n");
    store.cancel(job.id);
    process.once("SIGINT", () => process.exit(130));
  };
  process.once("SIGINT", interrupt);
  try {
    const end = showJob(store, job, json);
    const done: Job = await runJob(automation, job);
    const steps = store.steps(job.id);
    await end(done, steps);
    if (done.state !== "done") process.exitCode = 1;
    return steps;
  } finally {
    process.off("SIGINT", interrupt);
  }
}
