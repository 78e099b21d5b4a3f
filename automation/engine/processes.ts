import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** A process that another one may look for after a crash. Ids are used again, so that when it started belongs to it. */
export interface ProcessMark {
  readonly host: string;
  readonly pid: number;
  /** When it started, as the system says; opaque. */
  readonly start: string;
}

/** Marks a running process of this machine; null when there is none. */
export function markOf(pid: number): ProcessMark | null {
  const start = startOf(pid);
  return start === null ? null : { host: hostname(), pid, start };
}

/** Whether it still runs. Of another machine nobody can say; there Pulumi's own lock decides. */
export function alive({ host, pid, start }: ProcessMark): boolean {
  return host === hostname() && startOf(pid) === start;
}

function startOf(pid: number): string | null {
  try {
    // Fields after the name in brackets: state is the first, the start time the 20th. Source: proc_pid_stat(5).
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
  } catch {
    if (process.platform === "linux") return null;
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}
