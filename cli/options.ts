import { resolve } from "node:path";
import { Option } from "commander";
import { type DeclaredAccess, declaredAccess } from "../plan/documents.ts";
import { runProgram } from "../plan/runProgram.ts";

/** Options that several commands share, so that they read alike everywhere. */
export const dirOption = () => new Option("--dir <folder>", "folder of the program").default(".");
export const stackOption = (fallback: string) => new Option("--stack <name>", "stack to look at").default(fallback);
export const jsonOption = () => new Option("--json", "print JSON");
export const dataOption = () =>
  new Option("--data <folder>", "where the local run keeps its state").default(".gatehouse").env("GATEHOUSE_DATA");

/** The access documents of a central stack. */
export async function accessOf(dir: string, stack: string): Promise<DeclaredAccess> {
  return declaredAccess(await runProgram({ dir: resolve(dir), stack }));
}
