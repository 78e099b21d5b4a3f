import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the Go module that names what the engine is built from. */
export const MODULE = fileURLToPath(new URL(".", import.meta.url));

/** Language host as the engine looks for it: beside `pulumi`, where it counts as Pulumi's own. */
export const LANGUAGE_HOST = "pulumi-language-nodejs";

/** A Pulumi CLI, which is the engine, too. */
export interface Engine {
  /** Path of `pulumi`. */
  readonly pulumi: string;
  /** Built by this project, or found on PATH. */
  readonly origin: "built" | "PATH";
}

/** Where the built engine is kept: outside of the repository, so that it serves every clone on the machine, and by what it is built from. */
export function engineFolder(): string {
  const digest = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const file of ["go.mod", "go.sum"]) digest.update(readFileSync(join(MODULE, file)));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "gatehouse", `engine-${digest.digest("hex").slice(0, 16)}`);
}

/** The engine to use: a `pulumi` on PATH that can run Node programs, else the one that was built; null where there is neither. */
export function findEngine(): Engine | null {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = folders.map((folder) => join(folder, "pulumi")).find(executable);
  if (onPath && folders.some((folder) => executable(join(folder, LANGUAGE_HOST))) && answers(onPath))
    return { pulumi: onPath, origin: "PATH" };
  const built = engineFolder();
  return executable(join(built, "pulumi")) && executable(join(built, LANGUAGE_HOST))
    ? { pulumi: join(built, "pulumi"), origin: "built" }
    : null;
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Another tool may have the same name, such as the npm package `pulumi`, which downloads the CLI at its first start. */
function answers(pulumi: string): boolean {
  try {
    return /^v3\./.test(
      execFileSync(pulumi, ["version"], {
        encoding: "utf8",
        timeout: 10_000,
        env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
  } catch {
    return false;
  }
}
