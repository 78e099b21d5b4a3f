import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

/** A folder that is gone after the run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-"));
  made.push(folder);
  return folder;
}

// At the root: after every test of every file.
after(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});
