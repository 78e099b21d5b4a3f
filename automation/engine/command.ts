import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import type { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { followLines } from "./follow.ts";
import { markOf, type ProcessMark } from "./processes.ts";

/** How one operation's `pulumi` is watched. */
export interface Watch {
  /** Where its output is kept: it outlives us, as `pulumi` does. */
  readonly folder: string;
  /** Called before it begins, so that whoever comes after a crash can find it. */
  readonly started: (mark: ProcessMark) => void;
  /** Called when its end was seen; not when we end before it. */
  readonly ended: () => void;
  /** Called with each line that a changing command says. */
  readonly line: (line: string) => void;
}

/** `pulumi` ended with an error. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly output: string;

  constructor(command: string, output: string) {
    super(`pulumi ${command} failed:\n${output.trim().split("\n").slice(-20).join("\n")}`);
    this.output = output;
  }
}

/** Waits for leave to begin, hands on an interrupt, and writes down how `pulumi` ended, for whoever looks when nobody waits any more. */
const WRAPPER = `read -r go || exit 1
end=$1; shift
"$@" </dev/null &
child=$!
trap 'kill -INT "$child" 2>/dev/null' INT TERM
while :; do wait "$child"; code=$?; kill -0 "$child" 2>/dev/null || break; done
echo "$$ $code" > "$end.new" && mv "$end.new" "$end"
exit $code`;

/** How a `pulumi` ended that nobody waited for. */
export interface KnownEnd {
  readonly code: number;
  /** All that it said. */
  readonly output: string;
}

/** How the process that ran a command ended; null: nobody knows, since it was killed, too. */
export function endOf(folder: string, command: string, pid: number): KnownEnd | null {
  const text = (kind: string) => readFileSync(join(folder, `${command}.${kind}`), "utf8");
  try {
    const [by, code] = text("end").trim().split(" ").map(Number);
    if (by !== pid || code === undefined || wasKilled(code)) return null;
    return { code, output: `${text("out")}\n${text("err")}` };
  } catch {
    return null;
  }
}

/** A shell's code for a program that a signal ended: 128 and its number. Pulumi's own are 0 and 255. */
function wasKilled(code: number): boolean {
  return code > 128 && code <= 192;
}

/** Commands that change state: their end has to be known. */
const CHANGING = new Set(["up", "refresh", "destroy", "import"]);

type Run = (
  args: string[],
  cwd: string,
  env: Record<string, string>,
  onOutput?: (text: string) => void,
  onError?: (text: string) => void,
  signal?: AbortSignal,
) => Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number | null }>;

/**
 * Runs `pulumi` so that what changes something outlives this process: output goes into files instead of a pipe, whose breaking would kill it in the middle
 * of a change, and it is in a process group of its own. It begins only after `started` has returned: if we die before, it never begins.
 *
 * What only reads is heard through pipes: its output may be a state or outputs with secrets in clear, which belong on no disk.
 */
export function watchedCommand(pulumi: PulumiCommand, watch: Watch): PulumiCommand & { readonly run: Run } {
  const run: Run = async (args, cwd, env, onOutput, _, signal) => {
    const command = args[0] ?? "";
    const all = [...args, ...(args.includes("--non-interactive") ? [] : ["--non-interactive"])];
    const variables = { ...process.env, ...withPath(pulumi.command, env), PULUMI_AUTOMATION_API: "true" };
    if (signal?.aborted) throw new EngineError(command, "cancelled before it began");
    const outlives = CHANGING.has(command) || (command === "stack" && args[1] === "init");
    const { stdout, stderr, code } = outlives
      ? await outliving(pulumi.command, all, { cwd, env: variables }, watch, signal)
      : await heard(pulumi.command, all, { cwd, env: variables }, signal);
    onOutput?.(stdout);
    if (code !== 0) throw new EngineError(command, `${stdout}\n${stderr}`);
    return { stdout, stderr, code };
  };
  // `run` is what the Automation API calls, though its types don't say so.
  const watched = { command: pulumi.command, version: pulumi.version, run };
  return watched;
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Heard {
  readonly stdout: string;
  readonly stderr: string;
  /** null: a signal ended it. */
  readonly code: number | null;
}

async function outliving(
  file: string,
  args: readonly string[],
  place: Place,
  watch: Watch,
  signal: AbortSignal | undefined,
): Promise<Heard> {
  const command = args[0] ?? "";
  const changing = CHANGING.has(command);
  mkdirSync(watch.folder, { recursive: true, mode: 0o700 });
  const path = (kind: string) => join(watch.folder, `${command}.${kind}`);
  // Of an earlier run, whose process may have had the same id.
  rmSync(path("end"), { force: true });
  const [out, err] = [openSync(path("out"), "w", 0o600), openSync(path("err"), "w", 0o600)];
  const child = spawn("/bin/sh", ["-c", WRAPPER, "gatehouse", path("end"), file, ...args], {
    ...place,
    stdio: ["pipe", out, err],
    detached: true,
  });
  closeSync(out);
  closeSync(err);
  const end = endingOf(child);
  const interrupt = () => child.kill("SIGINT");
  // Not the engine's event log: it holds resources with their secrets in clear.
  const follow = changing ? followLines(path("out"), watch.line) : null;
  try {
    const mark = child.pid === undefined ? null : markOf(child.pid);
    if (mark && changing) watch.started(mark);
    if (signal?.aborted) throw new EngineError(command, "cancelled before it began");
    signal?.addEventListener("abort", interrupt);
    child.stdin?.on("error", () => undefined);
    child.stdin?.end("go\n");
    const code = await end;
    if (changing && code !== null && !wasKilled(code)) watch.ended();
    return { stdout: readFileSync(path("out"), "utf8"), stderr: readFileSync(path("err"), "utf8"), code };
  } finally {
    child.stdin?.end();
    signal?.removeEventListener("abort", interrupt);
    follow?.stop();
  }
}

async function heard(
  file: string,
  args: readonly string[],
  place: Place,
  signal: AbortSignal | undefined,
): Promise<Heard> {
  // In a group of its own, too: Ctrl-C in a terminal is ours to hand on.
  const child = spawn(file, [...args], { ...place, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text;
    });
  const interrupt = () => child.kill("SIGINT");
  signal?.addEventListener("abort", interrupt);
  try {
    const code = await endingOf(child, "close");
    return { ...said, code };
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
}

function endingOf(child: ChildProcess, event: "exit" | "close" = "exit"): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on(event, resolve);
  });
}

/** Plugins that come with the CLI lie beside it. Source: @pulumi/pulumi automation/cmd.js. */
function withPath(command: string, env: Record<string, string>): Record<string, string> {
  if (!isAbsolute(command)) return env;
  return { ...env, PATH: `${dirname(command)}${delimiter}${env.PATH ?? process.env.PATH ?? ""}` };
}
