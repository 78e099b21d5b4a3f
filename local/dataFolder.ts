import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a running local run tells the commands that ask it. */
export interface RunFile {
  readonly pid: number;
  /** Process group of MLflow; null before it is started. */
  readonly mlflowPid: number | null;
  /** Unix socket for `gatehouse credentials` and `gatehouse token`; null until the run is ready. */
  readonly socket: string | null;
}

/** Another local run uses the folder, or the folder can't be used. */
export class DataFolderError extends Error {
  override readonly name = "DataFolderError";
}

/** The state of a local run, kept between runs; nobody else can read it, since it holds keys. */
export class DataFolder {
  readonly path: string;
  /** From which all secrets of the run are derived. */
  readonly #seed: string;

  constructor(path: string) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
    this.path = path;
    const file = join(path, "seed");
    if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
    this.#seed = readFileSync(file, "utf8");
  }

  /** Empties a data folder. @throws DataFolderError when a run uses it, or when it is no data folder, whose content might be somebody's work */
  static reset(path: string): void {
    if (!existsSync(path)) return;
    if (!existsSync(join(path, "seed")))
      throw new DataFolderError(`${path} is not a data folder of a local run: nothing was deleted`);
    new DataFolder(path).refuseSecondRun();
    rmSync(path, { recursive: true, force: true });
  }

  /** A secret of the run, the same in every run on this folder. */
  secret(purpose: string): Buffer {
    return createHmac("sha256", this.#seed).update(purpose).digest();
  }

  /** A path in the folder; its directory is made. */
  directory(name: string): string {
    const path = join(this.path, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** The run that uses a folder now, if any. Makes no folder. */
  static runningIn(path: string): RunFile | undefined {
    const run = runFile(path);
    return run && alive(run.pid) ? run : undefined;
  }

  refuseSecondRun(): void {
    const run = DataFolder.runningIn(this.path);
    if (run && run.pid !== process.pid)
      throw new DataFolderError(
        `a local run (process ${run.pid}) uses ${this.path}: end it, or give another folder with --data`,
      );
  }

  /** Ends the MLflow of a run that was killed and couldn't end it itself. */
  endOrphan(): void {
    const mlflowPid = runFile(this.path)?.mlflowPid;
    if (mlflowPid === undefined || mlflowPid === null) return;
    // The id may since belong to somebody else's process.
    const command = `/proc/${mlflowPid}/cmdline`;
    if (!existsSync(command) || !readFileSync(command, "utf8").includes("gatehouse-mlflow")) return;
    process.kill(-mlflowPid, "SIGKILL");
  }

  noteRun(run: RunFile): void {
    writeFileSync(this.file(RUN_FILE), JSON.stringify(run), { mode: 0o600 });
  }

  forgetRun(): void {
    rmSync(this.file(RUN_FILE), { force: true });
  }
}

const RUN_FILE = "run.json";

function runFile(folder: string): RunFile | undefined {
  const file = join(folder, RUN_FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as RunFile) : undefined;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
