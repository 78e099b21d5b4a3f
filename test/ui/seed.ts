import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LocalRun } from "../../local/localRun.ts";
import { PYTHON } from "../helpers/python.ts";
import { ROOT } from "./site.ts";

export interface Seeded {
  readonly experiment: string;
  readonly run: string;
  readonly trace: string;
  readonly model: string;
}

/** Logs an experiment with MLflow's own client through the code door, as the scientist. */
export async function seed(run: LocalRun): Promise<Seeded> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-seed-"));
  try {
    const { stdout } = await promisify(execFile)(PYTHON, [join(ROOT, "test/ui/seed.py")], {
      cwd: folder,
      env: {
        PATH: `${ROOT}.venv/bin:/usr/bin:/bin`,
        HOME: folder,
        MLFLOW_ENABLE_ASYNC_TRACE_LOGGING: "false",
        AWS_EC2_METADATA_DISABLED: "true",
        ...run.credentials({ as: "vision/ada" }).environment,
      },
    });
    return JSON.parse(stdout.split("\n").findLast((line) => line.startsWith("{")) ?? "{}") as Seeded;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
