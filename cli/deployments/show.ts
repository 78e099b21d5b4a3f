import { type DefaultRenderer, Listr, type ListrTaskWrapper, type SimpleRenderer } from "listr2";
import type { JobStore } from "../../automation/jobs/store.ts";
import type { Job, Step } from "../../automation/jobs/types.ts";

type Task = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;
type End = (job: Job, steps: readonly Step[]) => Promise<void>;

/** Shows a job while it runs: a live tree in a terminal, lines elsewhere, its steps as JSON at the end when asked. @returns to be called at its end */
export function showJob(store: JobStore, job: Job, json: boolean): End {
  if (json)
    return async (_, steps) => {
      process.stdout.write(`${JSON.stringify({ ...store.job(job.id), steps }, null, 2)}\n`);
    };
  if (process.stdout.isTTY && fits(store.steps(job.id).length)) return tree(store, job);
  const stop = store.listen((event) => {
    // Each resource of a hundred accounts would bury what counts.
    if (event.job === job.id && !/^\S+: (?:creat|updat|replac|delet)\w+ \S+:/.test(event.text))
      console.log(printable(event.text));
  });
  return async (_, steps) => {
    stop();
    console.log(summary(steps));
  };
}

/** Whether a line per step, and one below each that runs, can be drawn over again: what has left the screen can't. */
function fits(steps: number): boolean {
  return steps + Math.min(steps, 8) + 3 <= (process.stdout.rows ?? 24);
}

/** One line per step under each stage; the newest event of a step stands below it. */
function tree(store: JobStore, job: Job): End {
  const waiting = new Map<number, { readonly done: () => void; task?: Task }>();
  const over = (step: Step) =>
    new Promise<void>((done) => {
      waiting.set(step.ordinal, { done });
    });
  const steps = store.steps(job.id);
  const list = new Listr<unknown>(
    steps.map((step) => {
      const end = over(step);
      return {
        // All begin to be shown at once; most of them wait.
        title: `${named(step)} waits`,
        task: async (_: unknown, task: Task) => {
          const entry = waiting.get(step.ordinal);
          if (entry) entry.task = task;
          const title = named(step);
          await end;
          const { state, changes } = store.steps(job.id)[step.ordinal] ?? step;
          // Why stands in the summary, once, and not cut at the screen's edge.
          if (state === "skipped") task.skip(`${title} skipped`);
          else if (state !== "done") throw new Error(`${title} ${state}`);
          else task.title = `${title} ${counted(changes)}`;
        },
      };
    }),
    {
      concurrent: true,
      exitOnError: false,
      // Ctrl-C is ours: its own would end this process at once, and leave `pulumi` at work with nobody waiting.
      registerSignalListeners: false,
      rendererOptions: { collapseSubtasks: false },
    },
  );
  const stop = store.listen(({ job: of, ordinal, text }) => {
    if (of !== job.id || ordinal === null) return;
    const task = waiting.get(ordinal)?.task;
    const step = store.steps(job.id)[ordinal];
    const state = step?.state;
    if (task) task.output = printable(text.split("\n")[0] ?? "");
    if (task && step && state === "running") task.title = named(step);
    if (state !== "waiting" && state !== "running") waiting.get(ordinal)?.done();
  });
  const shown = list.run();
  return async (_, all) => {
    stop();
    for (const { done } of waiting.values()) done();
    await shown;
    console.log(summary(all));
  };
}

/** How many steps ended how, and why those did that didn't end well. */
export function summary(steps: readonly Step[]): string {
  const byState = Object.entries(Object.groupBy(steps, ({ state }) => state));
  const bad = steps.filter(({ state }) => state !== "done");
  return [
    byState.map(([state, each]) => `${each.length} ${state}`).join(", "),
    ...bad.map(({ member, action, state, error }) => `  ${member}: ${action} ${state}: ${indented(error ?? "")}`),
  ].join("\n");
}

export function counted(changes: Step["changes"]): string {
  const words = Object.entries(changes ?? {}).map(([op, count]) => `${count} ${op}`);
  return words.length ? `(${words.join(", ")})` : "(no changes)";
}

function named({ action, member }: Step): string {
  return `${action} ${member}`;
}

function indented(text: string): string {
  return printable(text.trim()).replaceAll("\n", "\n    ");
}

/** What comes from an account, such as a name in an error, must not write to our terminal as it likes. */
function printable(text: string): string {
  return text.replaceAll(/[^\n\t\x20-\x7e\u00a0-\uffff]/g, "�");
}
