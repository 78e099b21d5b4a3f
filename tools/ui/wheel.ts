import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** MLflow's own web UI as the wheel brings it. */
export interface WheelUi {
  readonly folder: string;
  readonly version: string;
  /** In the order of MLflow's own page, relative to it. */
  readonly scripts: readonly string[];
  readonly styles: readonly string[];
}

/** @param venv Python environment with MLflow @throws Error that says what to do */
export function wheelUi(venv: string): WheelUi {
  const [packages] = globSync(join(venv, "lib/python3*/site-packages"));
  const folder = packages === undefined ? "" : join(packages, "mlflow/server/js/build");
  if (packages === undefined || !existsSync(join(folder, "index.html")))
    throw new Error(`MLflow isn't installed in ${venv}: run \`node tools/setup.mjs\``);
  const version = /VERSION = "([^"]+)"/.exec(readFileSync(join(packages, "mlflow/version.py"), "utf8"))?.[1];
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const all = (pattern: RegExp) => [...page.matchAll(pattern)].map((match) => match[1] ?? "");
  const scripts = all(/<script[^>]* src="([^"]+)"/g);
  const styles = all(/<link href="([^"]+)" rel="stylesheet"/g);
  const inline = /<script(?![^>]* src=)[^>]*>/.test(page);
  if (version === undefined || !scripts.length || !styles.length || inline || !page.includes('id="root"'))
    throw new Error(`the page of MLflow ${version ?? ""} is not as this build knows it: see tools/ui/wheel.ts`);
  return { folder, version, scripts, styles };
}
