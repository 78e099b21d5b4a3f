import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PYTHON } from "../helpers/python.ts";
import type { Step } from "../seen/run.ts";

/** Runs a script of `callers` with nothing but the given environment; an argument `-` takes the next one as the script's input. */
export async function call(
  script: string,
  environment: Readonly<Record<string, string>>,
  ...given: readonly string[]
): Promise<readonly Step[]> {
  const dash = given.indexOf("-");
  const [args, input] = dash === -1 ? [given, ""] : [given.slice(0, dash + 1), given[dash + 1] ?? ""];
  const child = spawn(PYTHON, [fileURLToPath(new URL(`callers/${script}`, import.meta.url)), ...args], {
    env: {
      PATH: "/usr/bin:/bin",
      HOME: "/nonexistent",
      LANG: "C.UTF-8",
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
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
    throw new Error(`${script} ended with ${String(code)}:\n${Buffer.concat(err).toString().slice(-3000)}`);
  return Buffer.concat(out)
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Step);
}
