import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PYTHON } from "./python.ts";

/** What one step of a caller's script came to: `ok`, or the HTTP status that its client was told, with the message. */
export interface Step {
  readonly step: string;
  readonly status: "ok" | number | null;
  readonly message: string;
}

/**
 * Runs a script as a caller would: a process of its own that knows nothing but the given environment.
 *
 * @param script a Python file that prints its steps, one JSON object per line
 * @param given arguments; one `-` is replaced by the script's input: the argument after it
 * @returns the steps in their order
 * @throws Error with what the script said, when it ends by itself
 */
export async function call(
  script: URL,
  environment: Readonly<Record<string, string>>,
  ...given: readonly string[]
): Promise<readonly Step[]> {
  const dash = given.indexOf("-");
  const [args, input] = dash === -1 ? [given, ""] : [given.slice(0, dash + 1), given[dash + 1] ?? ""];
  const child = spawn(PYTHON, [fileURLToPath(script), ...args], {
    env: {
      PATH: "/usr/bin:/bin",
      HOME: "/nonexistent",
      LANG: "C.UTF-8",
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
      MLFLOW_ENABLE_ASYNC_TRACE_LOGGING: "false",
      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false",
      AWS_EC2_METADATA_DISABLED: "true",
      ...environment,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0)
    throw new Error(
      `${script.pathname.split("/").at(-1)} ended with ${String(code)}:\n${Buffer.concat(err).toString().slice(-3000)}`,
    );
  return Buffer.concat(out)
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Step);
}

/** Steps as `name: status`, which reads well when a test fails. */
export const told = (steps: readonly Step[]) => Object.fromEntries(steps.map(({ step, status }) => [step, status]));
