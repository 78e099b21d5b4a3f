import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { Command } from "commander";
import { dirOption, firstPort, jsonOption } from "../options.ts";

interface Finding {
  readonly what: string;
  readonly there: boolean;
  /** Without it `npm start` can't work. */
  readonly needed: boolean;
  readonly found: string;
  readonly advice: string;
}

const ROOT = resolve(import.meta.dirname, "../..");

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("what this machine has and lacks, and how to get it")
    .addOption(dirOption())
    .option("--port <number>", "first of the five ports to look at", "8080")
    .addOption(jsonOption())
    .action(async (options: { dir: string; port: string; json?: boolean }) => {
      const findings = [...tools(options.dir), ...(await ports(firstPort(options.port)))];
      if (options.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
      else for (const finding of findings) print(finding);
      if (findings.some(({ there, needed }) => needed && !there)) process.exitCode = 1;
    });
}

function tools(dir: string): Finding[] {
  const python = spawnSync(`${ROOT}/.venv/bin/python`, ["--version"], { encoding: "utf8" });
  const mlflow = existsSync(`${ROOT}/.venv/bin/gatehouse-mlflow`);
  return [
    finding("Node", true, process.version, "", true),
    finding(
      "program",
      existsSync(resolve(dir, "Pulumi.yaml")),
      resolve(dir),
      "no Pulumi.yaml there: give the program's folder with --dir",
      true,
    ),
    finding(
      "Python environment",
      python.status === 0,
      (python.stdout ?? "").trim(),
      "run `npm start`, which makes it (needs Python 3.11 to 3.13)",
      true,
    ),
    finding("MLflow", mlflow, ".venv/bin/gatehouse-mlflow", "run `npm start`, which installs it", true),
    program("Pulumi", "pulumi", ["version"], "only for deploying: https://www.pulumi.com/docs/install/"),
    program("Go", "go", ["version"], "only for building the Pulumi engine from source"),
    program("Chromium", "chromium", ["--version"], "only for browser tests: on Debian `apt-get install chromium`"),
  ];
}

function program(what: string, command: string, args: readonly string[], advice: string): Finding {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return finding(what, status === 0, (stdout ?? "").trim(), advice, false);
}

async function ports(first: number): Promise<Finding[]> {
  const names = ["code door", "browser door", "user pool", "STS", "web UI"];
  return Promise.all(
    names.map(async (name, i) =>
      finding(
        `port ${first + i} (${name})`,
        await free(first + i),
        "free",
        "in use: end what holds it, or start with --port",
        true,
      ),
    ),
  );
}

function free(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });
}

function finding(what: string, there: boolean, found: string, advice: string, needed: boolean): Finding {
  return { what, there, needed, found: there ? found : "", advice: there ? "" : advice };
}

function print({ what, there, needed, found, advice }: Finding): void {
  const sign = there ? "✓" : needed ? "✗" : "–";
  console.log(`${sign} ${what.padEnd(26)} ${there ? found : advice}`);
}
