import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A revision of the program, laid out in a folder of its own. */
export interface Revision {
  readonly dir: string;
  /** Full commit id. */
  readonly commit: string;
  readonly close: () => void;
}

/** git says no: there is no such revision, or no repository. */
export class RevisionError extends Error {
  override readonly name = "RevisionError";
}

/**
 * Lays a git revision out in a folder of its own, with its packages: this folder's where the lock files are the same, its own install where they differ.
 *
 * @param progress told what takes long
 * @throws RevisionError
 */
export async function layOut(dir: string, ref: string, progress: (line: string) => void): Promise<Revision> {
  const commit = git(
    dir,
    ["rev-parse", "--verify", "--end-of-options", `${ref}^{commit}`],
    `no revision and no file \`${ref}\` here`,
  );
  const top = git(dir, ["rev-parse", "--show-toplevel"], "no git repository");
  const below = realpathSync(dir).slice(realpathSync(top).length + 1);
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-revision-"));
  const close = () => rmSync(folder, { recursive: true, force: true });
  try {
    // Only the commit's own files: no hook runs and the repository is left as it is.
    await run("sh", ["-c", 'git -C "$1" archive "$2" | tar -x -C "$3"', "sh", top, commit, folder]);
    const program = join(folder, below);
    await packages(dir, program, progress);
    return { dir: program, commit, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function packages(dir: string, program: string, progress: (line: string) => void): Promise<void> {
  const lock = (folder: string) =>
    existsSync(join(folder, "package-lock.json")) ? readFileSync(join(folder, "package-lock.json"), "utf8") : "";
  if (lock(dir) === lock(program)) {
    symlinkSync(realpathSync(join(dir, "node_modules")), join(program, "node_modules"), "dir");
    return;
  }
  progress("its lock file is another: installing its own packages …");
  // No package's install script runs: the revision may be a stranger's.
  await run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], {
    cwd: program,
    maxBuffer: 1 << 26,
  });
}

function git(dir: string, args: readonly string[], otherwise: string): string {
  try {
    return execFileSync("git", ["-C", dir, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new RevisionError(`${otherwise}: ${said}`);
  }
}
