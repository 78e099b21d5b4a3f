import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Container } from "./mlflowContainer.ts";
import { freePort } from "./servers.ts";

export interface MlflowOptions {
  readonly container: Container;
  /** Folder of the Python environment. */
  readonly venv: string;
  /** What differs from AWS: database, artifacts, address. */
  readonly overrides: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** Told the process group's id as soon as there is one, so that somebody else can end it should this process be killed. */
  readonly spawned: (pid: number) => void;
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

export interface MlflowProcess {
  readonly url: string;
  /** Of the process and its group. */
  readonly pid: number;
  /** Ends the group; resolves when it is gone. */
  readonly stop: () => Promise<void>;
  /** Resolves, with the exit code, when MLflow ends by itself. */
  readonly ended: Promise<number | null>;
}

/** MLflow didn't start; the message holds the end of its own log. */
export class MlflowError extends Error {
  override readonly name = "MlflowError";
}

const READY_MS = 120_000;
/** How long a polite end may take. */
const STOP_MS = 8_000;

/** Starts the declared container's command as a process of this machine, on a free loopback port, and waits until it answers. */
export async function startMlflow(options: MlflowOptions): Promise<MlflowProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = openSync(options.logFile, "w", 0o600);
  const [command = "", ...args] = options.container.command;
  const environment = {
    ...options.container.environment,
    GATEHOUSE_HOST: "127.0.0.1",
    GATEHOUSE_PORT: String(port),
    // Defaults of `mlflow server` take 3 GB.
    GATEHOUSE_WORKERS: "1",
    ...options.overrides,
    PATH: `${options.venv}/bin:${process.env.PATH ?? ""}`,
    HOME: process.env.HOME,
    LANG: process.env.LANG ?? "C.UTF-8",
    PYTHONUNBUFFERED: "1",
  };
  const child = spawn(`${options.venv}/bin/${command}`, args, {
    // Its workers are processes of their own and outlive a killed parent: the group is ended as one.
    detached: true,
    env: Object.fromEntries(
      Object.entries(environment).filter(([, value]) => value !== undefined),
    ) as NodeJS.ProcessEnv,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", (code) => resolve(code));
  });
  const stop = () => stopGroup(child, ended);
  if (child.pid === undefined)
    throw new MlflowError(`${command} is not installed in ${options.venv}: run \`npm start\`, which does all set-up`);
  options.spawned(child.pid);
  try {
    await ready(url, ended, options.signal);
  } catch (error) {
    await stop();
    if (options.signal?.aborted) throw error;
    throw new MlflowError(`${error instanceof Error ? error.message : String(error)}\n${tail(options.logFile)}`);
  }
  return { url, pid: child.pid, stop, ended };
}

async function ready(url: string, ended: Promise<number | null>, signal: AbortSignal | undefined): Promise<void> {
  let over: string | undefined;
  void ended.then((code) => {
    over = `MLflow ended while starting (exit ${code ?? "unknown"})`;
  });
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    if (over !== undefined) throw new Error(over);
    signal?.throwIfAborted();
    // Our own process holds the port: had somebody else taken it in between, ours would have ended.
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`MLflow didn't answer within ${READY_MS / 1000} s`);
}

async function stopGroup(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.pid === undefined) return;
  signalGroup(child.pid, "SIGTERM");
  const late = new Promise((resolve) => setTimeout(resolve, STOP_MS).unref());
  await Promise.race([ended, late]);
  signalGroup(child.pid, "SIGKILL");
  await ended;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

function tail(file: string): string {
  return readFileSync(file, "utf8").split("\n").slice(-25).join("\n").trim();
}
