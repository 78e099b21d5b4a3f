import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LocalRun, startLocalRun } from "../../local/localRun.ts";
import { call as callScript, type Step } from "../helpers/caller.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let started: Promise<LocalRun> | undefined;
/** Its data folder, by which commands find it. */
export const DATA = mkdtempSync(join(tmpdir(), "gatehouse-seen-"));

/** The declared stacks on this machine, started once for all tests that look at them. */
export function localRun(): Promise<LocalRun> {
  started ??= startLocalRun({
    dir: ROOT,
    central: "central",
    consumers: ["datascience"],
    port: 0,
    data: DATA,
    venv: join(ROOT, ".venv"),
  });
  return started;
}

// At the root: after every test of every file.
after(async function () {
  this.timeout(20_000);
  await (await started?.catch(() => undefined))?.stop();
  rmSync(DATA, { recursive: true, force: true });
});

/** The local user pool's own key, by which it signs: for tokens that only somebody else's client, or another use, makes wrong. */
export function userPoolKey(): string {
  return (JSON.parse(readFileSync(join(DATA, "user-pool/issuer.json"), "utf8")) as { key: string }).key;
}

/** Runs a script of `test/seen/callers`: see the helper. */
export const call = (
  script: string,
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<readonly Step[]> => callScript(new URL(`callers/${script}`, import.meta.url), environment, ...args);
