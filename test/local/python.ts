import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const INTERPRETER = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

/** Whether the project's Python environment is there. */
export const hasPython = existsSync(INTERPRETER);

/** Runs a script beside this file with JSON on its input; gives its output. */
export function runPython(script: string, input: unknown): Promise<string> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(INTERPRETER, [file], { stdio: ["pipe", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(Buffer.concat(out).toString()) : reject(new Error(Buffer.concat(err).toString())),
    );
    child.stdin.end(JSON.stringify(input));
  });
}
