import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the `gatehouse` command in the repository's folder, as a person would, and waits for its end. */
export function gatehouse(...args: readonly string[]): Promise<Ended> {
  return startGatehouse(args).ended;
}

/** Starts it, for what goes on until it is told to stop. */
export function startGatehouse(args: readonly string[]): {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when its output holds a text; rejects when it ends before. */
  readonly says: (text: string) => Promise<void>;
} {
  const child = spawn(process.execPath, ["cli/gatehouse.mjs", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  const waiting: (() => void)[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const look of waiting) look();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (stdout.includes(text)) resolve();
      };
      waiting.push(look);
      look();
      void ended.then(() =>
        reject(new Error(`it ended without saying ${JSON.stringify(text)}:\n${stdout}\n${stderr}`)),
      );
    });
  return { child, ended, says };
}
