import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LocalRun, startLocalRun } from "../../local/localRun.ts";
import { PYTHON } from "../helpers/python.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let started: Promise<LocalRun> | undefined;
/** Its data folder, by which commands find it. */
export const DATA = mkdtempSync(join(tmpdir(), "gatehouse-seen-"));

/** The declared stacks on this machine, started once for all tests that look at them. */
export function localRun(): Promise<LocalRun> {
  started ??= startLocalRun({
    dir: ROOT,
    central: "central",
    consumers: ["datascience"],
    port: 0,
    data: DATA,
    venv: join(ROOT, ".venv"),
  });
  return started;
}

// At the root: after every test of every file.
after(async function () {
  this.timeout(20_000);
  await (await started?.catch(() => undefined))?.stop();
  rmSync(DATA, { recursive: true, force: true });
});

/** The local user pool's own key, by which it signs: for tokens that only somebody else's client, or another use, makes wrong. */
export function userPoolKey(): string {
  return (JSON.parse(readFileSync(join(DATA, "user-pool/issuer.json"), "utf8")) as { key: string }).key;
}

/** What one step of a caller's script came to: `ok`, or the HTTP status that its client was told, with the message. */
export interface Step {
  readonly step: string;
  readonly status: "ok" | number | null;
  readonly message: string;
}

/** Runs a script of `test/seen/callers` as a caller: a process of its own with nothing but the given environment. */
export async function call(
  script: string,
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<readonly Step[]> {
  const child = spawn(PYTHON, [join(ROOT, "test/seen/callers", script), ...args], {
    cwd: DATA,
    env: {
      PATH: `${ROOT}.venv/bin:/usr/bin:/bin`,
      HOME: DATA,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
      MLFLOW_ENABLE_ASYNC_TRACE_LOGGING: "false",
      AWS_EC2_METADATA_DISABLED: "true",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0)
    throw new Error(`${script} ended with ${String(code)}:\n${Buffer.concat(err).toString().slice(-3000)}`);
  return Buffer.concat(out)
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Step);
}

/** Steps as `name: status`, which reads well when a test fails. */
export const told = (steps: readonly Step[]) => Object.fromEntries(steps.map(({ step, status }) => [step, status]));
