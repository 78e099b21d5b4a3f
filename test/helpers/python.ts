import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The interpreter of the project's own Python environment, which `npm test` makes. */
export const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

/** Runs a script with JSON on its input, and with more in its environment; gives its output. */
export function runPython(
  script: URL,
  input: unknown,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, [fileURLToPath(script)], {
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
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
