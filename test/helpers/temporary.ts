import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

/** A folder that is gone after the run, be it of tests or of a benchmark. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-"));
  made.push(folder);
  return folder;
}

process.once("exit", () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});
