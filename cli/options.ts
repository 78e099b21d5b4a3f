import { Option } from "commander";
import { UsageError } from "./errors.ts";

/** Options that several commands share, so that they read alike everywhere. */
export const dirOption = () => new Option("--dir <folder>", "folder of the program").default(".");
export const stackOption = (fallback: string) => new Option("--stack <name>", "stack to look at").default(fallback);
export const jsonOption = () => new Option("--json", "print JSON");
export const dataOption = () =>
  new Option("--data <folder>", "where the local run keeps its state").default(".gatehouse").env("GATEHOUSE_DATA");

/** The first of the five ports of a local run; 0 for free ones. @throws UsageError */
export function firstPort(text: string): number {
  const port = Number(text);
  if (text.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65531)
    throw new UsageError(`--port \`${text}\` is no port: give a number from 0 to 65531, since five in a row are taken`);
  return port;
}
