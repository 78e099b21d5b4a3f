import { Option } from "commander";

/** Options that several commands share, so that they read alike everywhere. */
export const dirOption = () => new Option("--dir <folder>", "folder of the program").default(".");
export const stackOption = (fallback: string) => new Option("--stack <name>", "stack to look at").default(fallback);
export const jsonOption = () => new Option("--json", "print JSON");
export const dataOption = () =>
  new Option("--data <folder>", "where the local run keeps its state").default(".gatehouse").env("GATEHOUSE_DATA");
