import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SimulatedOrganization } from "./simulatedOrganization.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `gatehouse` command on an organization, as a person would type it. */
export function asCommand(org: SimulatedOrganization, ...args: readonly string[]): readonly string[] {
  const options = ["--dir", org.program, "--org", org.file, "--data", org.data];
  return [process.execPath, join(ROOT, "cli/gatehouse.mjs"), ...args, ...options];
}

/** Runs a `gatehouse` command on an organization. */
export function command(org: SimulatedOrganization, ...args: readonly string[]): Promise<Said> {
  const [file = "", ...rest] = asCommand(org, ...args);
  return run(file, rest, org.env, org.folder);
}

/** Runs a program, and hears what it says. */
export function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

interface ShownStep {
  readonly member: string;
  readonly action: string;
  readonly state: string;
  readonly changes: Readonly<Record<string, number>> | null;
  readonly error: string | null;
}

/** Runs a command that is a job, and gives its exit code and how each step ended: `<member> <action> <state>`. */
export async function job(
  org: SimulatedOrganization,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly ended: readonly string[]; readonly steps: readonly ShownStep[] }> {
  const { code, stdout, stderr } = await command(org, ...args, "--json");
  if (!stdout.startsWith("{")) throw new Error(`no JSON: ${stdout}\n${stderr}`);
  const { steps } = JSON.parse(stdout) as { readonly steps: readonly ShownStep[] };
  return { code, steps, ended: steps.map(({ member, action, state }) => `${member} ${action} ${state}`) };
}
