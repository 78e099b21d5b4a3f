import { spawn } from "node:child_process";
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

/**
 * Runs `pulumi` so that it outlives this process: output goes into files instead of a pipe, whose breaking would kill it in the middle of a change, and it
 * is in a process group of its own. It begins only after `started` has returned: if we die before, it never begins.
 */
export function watchedCommand(pulumi: PulumiCommand, watch: Watch): PulumiCommand {
  const run = async (
    args: string[],
    cwd: string,
    env: Record<string, string>,
    onOutput?: (text: string) => void,
    _onError?: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number | null }> => {
    const command = args[0] ?? "";
    mkdirSync(watch.folder, { recursive: true });
    const file = (kind: string) => join(watch.folder, `${command}.${kind}`);
    const changing = CHANGING.has(command);
    const all = [...args, ...(args.includes("--non-interactive") ? [] : ["--non-interactive"])];
    // Of an earlier run, whose process may have had the same id.
    rmSync(file("end"), { force: true });
    const [out, err] = [openSync(file("out"), "w", 0o600), openSync(file("err"), "w", 0o600)];
    const child = spawn("/bin/sh", ["-c", WRAPPER, "gatehouse", file("end"), pulumi.command, ...all], {
      cwd,
      env: { ...process.env, ...withPath(pulumi.command, env), PULUMI_AUTOMATION_API: "true" },
      stdio: ["pipe", out, err],
      detached: true,
    });
    closeSync(out);
    closeSync(err);
    const end = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", resolve);
    });
    const interrupt = () => child.kill("SIGINT");
    // Not the engine's event log: it holds resources with their secrets in clear.
    const follow = changing ? followLines(file("out"), watch.line) : null;
    try {
      const mark = child.pid === undefined ? null : markOf(child.pid);
      if (mark && changing) watch.started(mark);
      if (signal?.aborted) throw new EngineError(command, "cancelled before it began");
      signal?.addEventListener("abort", interrupt);
      child.stdin?.on("error", () => undefined);
      child.stdin?.end("go\n");
      const code = await end;
      if (changing && code !== null && !wasKilled(code)) watch.ended();
      const [stdout, stderr] = [readFileSync(file("out"), "utf8"), readFileSync(file("err"), "utf8")];
      onOutput?.(stdout);
      if (code !== 0) throw new EngineError(command, `${stdout}\n${stderr}`);
      return { stdout, stderr, code };
    } finally {
      child.stdin?.end();
      signal?.removeEventListener("abort", interrupt);
      follow?.stop();
    }
  };
  // `run` is what the Automation API calls, though its types don't say so.
  const watched = { command: pulumi.command, version: pulumi.version, run };
  return watched;
}

/** Plugins that come with the CLI lie beside it. Source: @pulumi/pulumi automation/cmd.js. */
function withPath(command: string, env: Record<string, string>): Record<string, string> {
  if (!isAbsolute(command)) return env;
  return { ...env, PATH: `${dirname(command)}${delimiter}${env.PATH ?? process.env.PATH ?? ""}` };
}
