import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Served } from "../../plan/servedRoutes.ts";
import { UsageError } from "../errors.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VERSION = /^\d+\.\d+(?:\.\d+)?(?:(?:rc|\.dev)\d+)?$/;

/**
 * What a version of MLflow serves, behind this project's own application. The first time, it is installed into a folder of its own (about 400 MB, a minute);
 * the answer is kept.
 *
 * @param folder where both are kept
 * @throws UsageError when there is no such version, or this project's application does not run on it
 */
export async function probe(version: string, folder: string, progress: (line: string) => void): Promise<Served> {
  if (!VERSION.test(version)) throw new UsageError(`\`${version}\` is no version of MLflow, such as 3.17.2`);
  const answer = join(folder, `mlflow-${version}.json`);
  const committed = join(ROOT, "docker/routes", `mlflow-${version}.json`);
  if (existsSync(committed)) return JSON.parse(readFileSync(committed, "utf8")) as Served;
  if (existsSync(answer)) return JSON.parse(readFileSync(answer, "utf8")) as Served;
  mkdirSync(folder, { recursive: true });
  const environment = join(folder, `mlflow-${version}`);
  const python = join(environment, "bin/python");
  if (!existsSync(join(environment, "installed"))) {
    progress(`MLflow ${version}: installing it beside the pinned one …`);
    const uv = join(ROOT, ".venv/bin/uv");
    rmSync(environment, { recursive: true, force: true });
    await told(uv, ["venv", "-q", "--python", join(ROOT, ".venv/bin/python"), environment], {});
    const others = readFileSync(join(ROOT, "docker/requirements.in"), "utf8")
      .split("\n")
      .filter((line) => /^[A-Za-z]/.test(line) && !line.startsWith("mlflow=="));
    await told(uv, ["pip", "install", "-q", "--python", python, `mlflow==${version}`, ...others], {}).catch(
      (error: unknown) => {
        rmSync(environment, { recursive: true, force: true });
        throw error;
      },
    );
    writeFileSync(join(environment, "installed"), "");
  }
  progress(`MLflow ${version}: asking it for its routes …`);
  const text = await told(python, [join(ROOT, "docker/routes/probe.py")], { PYTHONPATH: join(ROOT, "docker") });
  const served = JSON.parse(text) as Served;
  writeFileSync(`${answer}.new`, text);
  renameSync(`${answer}.new`, answer);
  return served;
}

function told(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      out += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      err += chunk;
    });
    child.on("error", (error) => reject(new UsageError(`${file}: ${error.message}; \`npm start\` sets Python up`)));
    child.on("close", (code) =>
      code === 0 ? resolve(out) : reject(new UsageError(`this can't be asked:\n${err.trim().slice(-1500)}`)),
    );
  });
}
