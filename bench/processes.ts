import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A process with its children, started for a benchmark. */
export interface Started {
  /** Of the process and of its group. */
  readonly pid: number;
  /** What it has printed. */
  readonly output: () => string;
  /** Ends the whole group. */
  readonly stop: () => Promise<void>;
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where its output goes. */
  readonly log: string;
}

const STOP_MS = 10_000;
const READY_MS = 120_000;

/** Starts a command as a process group of its own. */
export function startGroup({ file, args, cwd, env, log }: Command): Started {
  const to = openSync(log, "w", 0o600);
  const child = spawn(file, [...args], { cwd, env, detached: true, stdio: ["ignore", to, to] });
  closeSync(to);
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  if (child.pid === undefined) throw new Error(`${file} can't be started`);
  return { pid: child.pid, output: () => readFileSync(log, "utf8"), stop: () => stop(child, ended) };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  // The process alone first: what it started, it ends itself.
  child.kill("SIGTERM");
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  try {
    process.kill(-(child.pid ?? 0), "SIGKILL");
  } catch {
    // The group is gone already.
  }
  await ended;
}

/** Waits until `done` has a value. @throws with the end of the output when that takes too long, or when the process ends before */
export async function until<T>(started: Started, done: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline && alive(started.pid)) {
    const value = await done();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`process ${started.pid} didn't come up:\n${started.output().slice(-2000)}`);
}

function alive(pid: number): boolean {
  // A process that has ended and not been waited for has no command line.
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
}

/** Resident bytes of one process now, and at their highest. */
export function memory(pid: number): { readonly now: number; readonly highest: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes("VmRSS"), highest: bytes("VmHWM") };
}

/** Resident bytes of a group: each process counts what it shares with others. */
export function groupMemory(group: number): number {
  return inGroup(group).reduce((sum, pid) => sum + memory(pid).now, 0);
}

/** CPU milliseconds of a group so far, children that have ended included; ticks are 10 ms on Linux. */
export function groupCpu(group: number): number {
  return inGroup(group).reduce((sum, pid) => {
    const fields = statOf(pid);
    // utime, stime, cutime, cstime. Source: proc_pid_stat(5).
    return sum + fields.slice(11, 15).reduce((ticks, field) => ticks + Number(field), 0) * 10;
  }, 0);
}

function inGroup(group: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => Number(statOf(pid)[2]) === group);
}

/** Fields of `/proc/<pid>/stat` after the name, which may hold spaces; none when the process is gone. */
function statOf(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Runs with a folder that is gone afterwards, and ends what was started in it, whatever happens. */
export async function withFolder<T>(
  use: (folder: string, starts: (started: Started) => Started) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
  const all: Started[] = [];
  const endAll = () => Promise.all(all.splice(0).map((started) => started.stop()));
  const interrupted = () => void endAll().then(() => process.exit(130));
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    return await use(folder, (started) => {
      all.push(started);
      return started;
    });
  } finally {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    await endAll();
    rmSync(folder, { recursive: true, force: true });
  }
}
