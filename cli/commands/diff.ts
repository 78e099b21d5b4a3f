import { statSync } from "node:fs";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { compare, needsApproval, type PermissionDiff } from "../../plan/diff/compare.ts";
import { asJson, asMarkdown, asText } from "../../plan/diff/render.ts";
import type { Side } from "../../plan/diff/side.ts";
import { type SourceOptions, sideOfFiles, sideOfFolder, sideOfRevision } from "../../plan/diff/sources.ts";
import { GAINED, UsageError } from "../errors.ts";
import { dirOption, jsonOption } from "../options.ts";

const FORMATS: Readonly<Record<string, (diff: PermissionDiff) => string>> = {
  text: asText,
  markdown: asMarkdown,
  json: asJson,
};

interface Options {
  readonly dir: string;
  readonly base: readonly string[];
  readonly head: readonly string[];
  readonly stack: readonly string[];
  readonly format: string;
  readonly json?: boolean;
}

export function diffCommand(): Command {
  return new Command("diff")
    .description("who gains and who loses what between two revisions of the program; exit 3 says that someone gains")
    .addOption(dirOption())
    .requiredOption(
      "--base <source...>",
      "a git revision, or files of `gatehouse plan`, `pulumi stack export` or `pulumi preview --json`",
    )
    .addOption(new Option("--head <source...>", "the same kinds of source").default([], "the folder as it stands"))
    .addOption(new Option("--stack <name...>", "only these stacks").default([], "all of the folder"))
    .addOption(new Option("--format <format>", "how to print it").choices(Object.keys(FORMATS)).default("text"))
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const sources: SourceOptions = {
        dir: resolve(options.dir),
        stacks: options.stack,
        progress: (line) => process.stderr.write(`${line}\n`),
      };
      const [base, head] = [await side(options.base, sources), await side(options.head, sources)];
      if (!base.plans.length && !head.plans.length)
        throw new UsageError(
          `nothing to compare: neither side has ${options.stack.join(", ") || "a stack"} (--dir names the program's folder)`,
        );
      const diff = await compare(base, head);
      const print = FORMATS[options.json ? "json" : options.format] ?? asText;
      process.stdout.write(`${print(diff)}\n`);
      if (needsApproval(diff)) process.exitCode = GAINED;
    });
}

function side(named: readonly string[], sources: SourceOptions): Promise<Side> {
  const [first] = named;
  if (first === undefined) return sideOfFolder(sources.dir, sources);
  if (named.length > 1 || statSync(first, { throwIfNoEntry: false })?.isFile()) return sideOfFiles(named, sources);
  return sideOfRevision(first, sources);
}
