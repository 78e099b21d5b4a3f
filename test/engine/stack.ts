import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { EngineProject } from "./project.ts";
import { partsOf, type SimulatedCloud } from "./simulated/cloud.ts";

/** A resource as the engine keeps it. */
export interface KeptResource {
  readonly urn: string;
  readonly type: string;
  readonly provider?: string;
  readonly protect?: boolean;
  /** What it was made after, and goes before. */
  readonly dependencies?: readonly string[];
}

/** One stack of a project, by what people do with it. */
export interface EngineStack {
  /** Runs a command on it. @throws Error with all that `pulumi` said, when it fails */
  readonly pulumi: (...command: string[]) => Promise<string>;
  /** Runs a command that has to fail, and gives its diagnostics, line by line. */
  readonly refused: (...command: string[]) => Promise<readonly string[]>;
  /** What would be done, by type and name, without what stays as it is or is only read. */
  readonly preview: () => Promise<Readonly<Record<string, string>>>;
  readonly up: (...more: string[]) => Promise<string>;
  readonly outputs: () => Promise<unknown>;
  readonly resources: () => Promise<readonly KeptResource[]>;
  /** Changes the stack's file for a while, as an editor would: settings by dotted path. */
  readonly changed: <T>(settings: Readonly<Record<string, unknown>>, meanwhile: () => Promise<T>) => Promise<T>;
  /** Uses other credentials for a while. */
  readonly inAccount: <T>(account: string, meanwhile: () => Promise<T>) => Promise<T>;
}

/** Makes the stack, whose file is in the project's folder, and which is deployed with credentials of one account. */
export async function initStack(
  project: EngineProject,
  cloud: SimulatedCloud,
  name: string,
  account: string,
): Promise<EngineStack> {
  const file = join(project.dir, `Pulumi.${name}.yaml`);
  let credentials = account;
  const run = (...command: string[]) => {
    cloud.account = credentials;
    return project.run(...command, "--stack", name);
  };
  const pulumi = async (...command: string[]) => {
    const { code, stdout, said } = await run(...command);
    assert.equal(code, 0, `pulumi ${command.join(" ")} ended with ${code}:\n${said}`);
    return stdout;
  };
  const json = async (...command: string[]): Promise<unknown> => JSON.parse(await pulumi(...command));
  await pulumi("stack", "init");
  return {
    pulumi,
    refused: async (...command) => {
      const { code, said } = await run(...command);
      assert.notEqual(code, 0, said);
      const diagnostics = /^Diagnostics:\n([\s\S]*?)\n^Resources:/m.exec(said)?.[1];
      return (diagnostics ?? assert.fail(said)).split("\n").filter((line) => line.trim() !== "");
    },
    preview: async () => {
      const { steps } = (await json("preview", "--json")) as { steps: { op: string; urn: string }[] };
      const changes = steps.filter(({ op }) => op !== "same" && op !== "read");
      return Object.fromEntries(changes.map(({ op, urn }) => [keyOf(urn), op] as const));
    },
    up: (...more) => pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", "--suppress-progress", ...more),
    outputs: () => json("stack", "output", "--json"),
    resources: async () => {
      const { deployment } = (await json("stack", "export")) as { deployment: { resources: KeptResource[] } };
      return deployment.resources;
    },
    changed: async (settings, meanwhile) => {
      const before = readFileSync(file, "utf8");
      const content = parseDocument(before);
      for (const [path, value] of Object.entries(settings)) {
        const [key, ...rest] = path.split(".");
        content.setIn(["config", `mlflow-gatehouse:${key}`, ...rest], value);
      }
      writeFileSync(file, content.toString());
      try {
        return await meanwhile();
      } finally {
        writeFileSync(file, before);
      }
    },
    inAccount: async (other, meanwhile) => {
      credentials = other;
      try {
        return await meanwhile();
      } finally {
        credentials = account;
      }
    },
  };
}

/** Type and name: what a resource is called in the plan. */
export function keyOf(urn: string): string {
  const { type, name } = partsOf(urn);
  return `${type} ${name}`;
}
