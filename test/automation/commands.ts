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

/** Runs a `gatehouse` command on an organization, as a person would. */
export function command(org: SimulatedOrganization, ...args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(ROOT, "cli/gatehouse.mjs"), ...args, "--dir", ROOT, "--org", org.file, "--data", org.data],
      { cwd: org.folder, env: org.env, stdio: ["ignore", "pipe", "pipe"] },
    );
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
