import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface S3ServerOptions {
  readonly venv: string;
  readonly directory: string;
  readonly region: string;
  readonly logFile: string;
  readonly buckets: readonly { readonly name: string; readonly versions: boolean }[];
}

/** The S3 server didn't start; the message holds the end of its own log. */
export class S3ServerError extends Error {
  override readonly name = "S3ServerError";
}

/** Starts moto's S3 in the Python environment. It ends by itself when this process does, however that ends. */
export async function startS3Server(options: S3ServerOptions) {
  const log = openSync(options.logFile, "w", 0o600);
  const script = fileURLToPath(new URL("s3_server.py", import.meta.url));
  const child = spawn(`${options.venv}/bin/python`, [script, options.directory], {
    env: { PATH: `${options.venv}/bin:${process.env.PATH ?? ""}`, LANG: process.env.LANG ?? "C.UTF-8" },
    stdio: ["pipe", "pipe", log],
  });
  const { stdin, stdout } = child;
  closeSync(log);
  if (!stdin || !stdout) throw new S3ServerError("the S3 server has no pipes");
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  // A server that is gone says so by its end, not by a broken pipe.
  stdin.on("error", () => undefined);
  stdin.write(`${JSON.stringify({ region: options.region, buckets: options.buckets })}\n`);
  const first = new Promise<string>((resolve) => createInterface({ input: stdout }).once("line", resolve));
  const said = await Promise.race([first, ended]);
  if (said === undefined)
    throw new S3ServerError(
      `the S3 server didn't start; run \`npm start\`, which does all set-up\n${readFileSync(options.logFile, "utf8").slice(-2000)}`,
    );
  const { port } = JSON.parse(said) as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      stdin.end();
      await ended;
    },
  };
}
