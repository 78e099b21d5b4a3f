import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import type { Member } from "../organization/members.ts";

/**
 * Prepares a folder of its own for one stack, since `pulumi` keeps the selected stack and the salt of secrets by folder, and many run at once. The program
 * stays where it is: `main` points there.
 *
 * @returns the folder
 */
export function stackFolder(data: string, program: string, member: Member): string {
  const folder = resolve(data, "stacks", member.stack);
  mkdirSync(folder, { recursive: true });
  const project = yaml(join(program, "Pulumi.yaml"));
  const main = resolve(program, typeof project.main === "string" ? project.main : "index.ts");
  // Types of settings are the program's own business; with them Pulumi would refuse a stack before the program can say all that is wrong.
  write(join(folder, "Pulumi.yaml"), { name: project.name, runtime: project.runtime, main });
  const file = join(folder, `Pulumi.${member.stack}.yaml`);
  const { config: _, ...kept } = existsSync(file) ? yaml(file) : {};
  write(file, { ...kept, config: member.config });
  return folder;
}

/**
 * Prepares a folder from which stacks are only read: without their files, which whoever deploys is writing, and with nothing selected.
 *
 * @returns the folder
 */
export function readingFolder(data: string, program: string): string {
  const folder = resolve(data, "reading");
  const project = yaml(join(program, "Pulumi.yaml"));
  write(join(folder, "Pulumi.yaml"), { name: project.name, runtime: project.runtime });
  return folder;
}

/** Name of the program's project. */
export function projectName(program: string): string {
  return String(yaml(join(program, "Pulumi.yaml")).name);
}

function yaml(file: string): Record<string, unknown> {
  return (parse(readFileSync(file, "utf8")) ?? {}) as Record<string, unknown>;
}

/** Whole or not at all: a crash must not leave half a file. */
function write(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, stringify(value));
  renameSync(unfinished, file);
}
