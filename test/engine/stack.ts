import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { EngineProject } from "./project.ts";
import { partsOf } from "./simulated/cloud.ts";

/** A resource as the engine keeps it. */
export interface KeptResource {
  readonly urn: string;
  readonly type: string;
  readonly provider?: string;
  readonly protect?: boolean;
}

/** One stack of a project, by what people do with it. */
export interface EngineStack {
  /** What would be done, by `<type> <name>`, without what stays as it is. */
  readonly preview: () => Promise<Readonly<Record<string, string>>>;
  /** Deploys; gives what `pulumi` said. */
  readonly up: (...more: string[]) => Promise<string>;
  readonly outputs: () => Promise<Readonly<Record<string, unknown>>>;
  readonly resources: () => Promise<readonly KeptResource[]>;
  /** Runs a command that has to fail, and gives its diagnostics, line by line. */
  readonly refused: (...command: string[]) => Promise<readonly string[]>;
  /** Changes settings in the stack's file, as an editor would. */
  readonly configure: (change: (settings: Settings) => void) => void;
  /** Puts an earlier content of the file back. */
  readonly restore: (content: string) => void;
}

/** Settings as they stand in a stack file, keys with their namespace. */
export type Settings = Record<string, Record<string, Record<string, unknown>>>;

/** Makes the stack, whose file is in the project's folder. */
export async function initStack(project: EngineProject, name: string): Promise<EngineStack> {
  await project.pulumi("stack", "init", name);
  const file = join(project.dir, `Pulumi.${name}.yaml`);
  const of = ["--stack", name];
  return {
    preview: async () => {
      const { steps } = JSON.parse(await project.pulumi("preview", "--json", ...of)) as {
        steps: { op: string; urn: string }[];
      };
      return Object.fromEntries(
        steps.filter(({ op }) => op !== "same").map(({ op, urn }) => [keyOf(urn), op] as const),
      );
    },
    up: (...more) => project.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", ...of, ...more),
    outputs: async () =>
      JSON.parse(await project.pulumi("stack", "output", "--json", ...of)) as Record<string, unknown>,
    resources: async () => {
      const { deployment } = JSON.parse(await project.pulumi("stack", "export", ...of)) as {
        deployment: { resources: KeptResource[] };
      };
      return deployment.resources;
    },
    refused: async (...command) => {
      const { code, said } = await project.run(...command, ...of);
      assert.notEqual(code, 0, said);
      const diagnostics = /^Diagnostics:\n([\s\S]*?)\n^Resources:/m.exec(said)?.[1];
      return (diagnostics ?? assert.fail(said)).split("\n").filter((line) => line.trim() !== "");
    },
    configure: (change) => {
      const content = parse(readFileSync(file, "utf8")) as { config: Settings };
      change(content.config);
      writeFileSync(file, stringify(content));
    },
    restore: (content) => writeFileSync(file, content),
  };
}

/** Type and name: what a resource is called in the plan. */
export function keyOf(urn: string): string {
  const { type, name } = partsOf(urn);
  return `${type} ${name}`;
}
