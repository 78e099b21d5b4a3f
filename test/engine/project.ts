import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "../../tools/engine/locate.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import type { SimulatedCloud } from "./simulated/cloud.ts";
import { type RunningProvider, startProvider } from "./simulated/provider.ts";

/** This repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Packages of the program whose providers are simulated. */
const PACKAGES = ["aws", "awsx", "random"];

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  /** Output and errors in the order they came. */
  readonly said: string;
}

/** A copy of the program with a state of its own, on which `pulumi` runs. */
export interface EngineProject {
  readonly dir: string;
  /** The file backend: everything that the engine keeps. */
  readonly backend: string;
  /** Environment in which `pulumi` reaches these providers and this state alone. */
  readonly env: NodeJS.ProcessEnv;
  /** All that `pulumi` said in clear. */
  readonly said: readonly string[];
  /** Runs `pulumi` with arguments, whatever it answers. */
  readonly run: (...args: string[]) => Promise<Answer>;
  readonly close: () => void;
}

/**
 * Saves the state once, at an operation's end, instead of after each resource: seconds of every deployment. For tests that look at nothing in between.
 * Source: Pulumi SDK `go/common/env`, SKIP_CHECKPOINTS.
 */
export const SAVED_ONCE = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

/** Makes a temporary copy of the program: links to its sources, and its stack files as copies, since the engine writes the salt of their secrets there. */
export async function engineProject(
  engine: Engine,
  cloud: SimulatedCloud,
  more: Readonly<Record<string, string>> = {},
): Promise<EngineProject> {
  const [dir, backend, home] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  for (const entry of readdirSync(ROOT).filter((each) => !each.startsWith("."))) {
    if (/^Pulumi.*\.yaml$/.test(entry)) copyFileSync(join(ROOT, entry), join(dir, entry));
    else symlinkSync(join(ROOT, entry), join(dir, entry));
  }
  mkdirSync(join(home, "plugins"));
  const providers = await Promise.all(PACKAGES.map((name) => startProvider(name, versionOf(name), cloud)));
  const env = { ...environment(engine, backend, home, providers), ...more };
  const said: string[] = [];
  const run = async (...args: string[]) => {
    const answer = await start(engine.pulumi, [...args, "--non-interactive", "--color=never"], dir, env);
    if (!args.includes("--show-secrets")) said.push(answer.said);
    return answer;
  };
  return {
    dir,
    backend,
    env,
    said,
    run,
    close: () => {
      for (const provider of providers) provider.close();
    },
  };
}

function environment(
  engine: Engine,
  backend: string,
  home: string,
  providers: readonly RunningProvider[],
): NodeJS.ProcessEnv {
  // Whoever runs the tests may be logged in to Pulumi and AWS; nothing here may reach either.
  const neutral = Object.entries(process.env).filter(([name]) => !/^(?:PULUMI|AWS)_/.test(name));
  return {
    ...Object.fromEntries(neutral),
    // This process's own Node runs the program, too.
    PATH: [dirname(process.execPath), dirname(engine.pulumi), process.env.PATH].join(delimiter),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_HOME: home,
    PULUMI_CONFIG_PASSPHRASE: "a passphrase of the tests",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // No network: a missing plugin is an error at once.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DEBUG_PROVIDERS: providers.map(({ port }, i) => `${PACKAGES[i]}:${port}`).join(","),
  };
}

/** The engine asks a provider for the version that the program's package names. */
function versionOf(name: string): string {
  const file = createRequire(import.meta.url).resolve(`@pulumi/${name}/package.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function start(file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, said] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      said += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, said }));
  });
}
