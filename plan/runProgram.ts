import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readConfiguration, stackNames } from "./configuration.ts";
import type { Plan } from "./plan.ts";

/** What the child process is told. */
export interface Job {
  readonly dir: string;
  readonly main: string;
  readonly project: string;
  readonly stack: string;
  readonly values: Readonly<Record<string, string>>;
  /** Random values of the program are derived from it. */
  readonly seed: string;
}

type Outputs = Readonly<Record<string, unknown>>;

export type Answer = { readonly plan: Plan } | { readonly error: string };

/** The program refers to another stack; the parent answers with that stack's outputs, or null. */
export interface ReferenceQuestion {
  readonly reference: string;
}

export interface ReferenceAnswer {
  readonly reference: string;
  readonly outputs: Outputs | null;
}

export interface ProgramOptions {
  /** The program's folder. */
  readonly dir: string;
  readonly stack: string;
  /** Outputs of stacks that the program refers to, by full name or by the stack's own. What is missing is planned from the same folder, where it has a stack of that name. */
  readonly stackOutputs?: Readonly<Record<string, Outputs>>;
  /** Secret from which the program's random values are derived; the same seed gives the same values. Default: a public constant, good for looking only. */
  readonly seed?: string;
}

/** The program refused its settings or failed; the message is the program's own. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
}

/** Longest run of a program; a run takes about a second. */
const TIMEOUT_MS = 120_000;

/**
 * Runs the program of a folder in a child process with a made-up cloud and says what it declares. No cloud, no Pulumi CLI.
 *
 * @throws ConfigurationError for a missing stack, ProgramError for whatever the program says
 */
export async function runProgram(options: ProgramOptions): Promise<Plan> {
  const { project, main, values } = readConfiguration(options.dir, options.stack);
  const job: Job = {
    dir: options.dir,
    main,
    project,
    values,
    stack: options.stack,
    seed: options.seed ?? "public",
  };
  const answer = await inChild(job, (reference) => outputsOf(reference, options));
  if ("error" in answer) throw new ProgramError(answer.error);
  return answer.plan;
}

async function outputsOf(reference: string, options: ProgramOptions): Promise<Outputs | null> {
  // `organization/project/stack`, or the stack alone.
  const stack = reference.split("/").at(-1) ?? reference;
  const known = options.stackOutputs?.[reference] ?? options.stackOutputs?.[stack];
  if (known) return known;
  if (stack === options.stack || !stackNames(options.dir).includes(stack)) return null;
  return (await runProgram({ ...options, stack })).outputs;
}

function inChild(job: Job, outputsOf: (reference: string) => Promise<Outputs | null>): Promise<Answer> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL("child.ts", import.meta.url)), {
      cwd: job.dir,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      serialization: "advanced",
      timeout: TIMEOUT_MS,
    });
    let answer: Answer | undefined;
    let said = "";
    child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.on("message", (message) => {
      const received = message as Answer | ReferenceQuestion;
      if (!("reference" in received)) {
        answer = received;
        return;
      }
      const { reference } = received;
      outputsOf(reference).then(
        (outputs) => child.send({ reference, outputs } satisfies ReferenceAnswer),
        (error: unknown) => {
          answer = {
            error: `the stack ${reference}, which this one refers to: ${error instanceof Error ? error.message : String(error)}`,
          };
          child.kill();
        },
      );
    });
    child.on("error", (error) => resolve({ error: `the program could not be started: ${error.message}` }));
    child.on("close", (code, signal) => {
      if (code === 0 && answer) return resolve(answer);
      if (answer && "error" in answer) return resolve(answer);
      // Nothing left to do and no answer: a promise that never settles, which Node calls 0 or 13.
      const why = signal
        ? `it was ended by ${signal}`
        : code === 0 || code === 13
          ? "an output of the program never got a value"
          : `exit ${code}`;
      resolve({ error: `the program ended without a plan: ${why}\n${said.slice(-4000)}`.trim() });
    });
    child.send(job);
  });
}
