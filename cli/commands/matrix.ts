import { resolve } from "node:path";
import Table from "cli-table3";
import { Command, Option } from "commander";
import { markdownTable } from "markdown-table";
import { DOORS, type Door } from "../../authorizer/catalogue/types.ts";
import { globMatches } from "../../authorizer/policy/glob.ts";
import { declaredAccess } from "../../plan/documents.ts";
import { type MatrixRow, matrix } from "../../plan/matrix.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { UsageError } from "../errors.ts";
import { dirOption, jsonOption, stackOption } from "../options.ts";

interface Options {
  readonly dir: string;
  readonly stack: string;
  readonly persona?: string;
  readonly door?: Door;
  readonly route?: string;
  readonly format: "table" | "json" | "markdown";
  readonly json?: boolean;
}

export function matrixCommand(): Command {
  return new Command("matrix")
    .description("who may do what, computed from the documents that a central stack declares")
    .addOption(dirOption())
    .addOption(stackOption("central"))
    .option("--persona <name>", "only what this persona may call")
    .addOption(new Option("--door <door>", "only one door").choices(DOORS))
    .option("--route <glob>", "only paths that match, such as '*/runs/*'")
    .addOption(
      new Option("--format <format>", "how to print it").choices(["table", "json", "markdown"]).default("table"),
    )
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const access = await declaredAccess(await runProgram({ dir: resolve(options.dir), stack: options.stack }));
      const names = access.personas.map((persona) => persona.name);
      if (options.persona !== undefined && !names.includes(options.persona))
        throw new UsageError(`no persona \`${options.persona}\`: there is ${names.join(", ")}`);
      const doors = options.door ? [options.door] : DOORS;
      const rows = matrix(access).filter(
        (row) =>
          (options.route === undefined || globMatches(options.route, row.endpoint.path)) &&
          (options.persona === undefined || doors.some((door) => row.allowed[door][options.persona ?? ""])) &&
          (options.door === undefined || row.endpoint.doors.includes(options.door)),
      );
      print(
        rows,
        options.persona === undefined ? names : [options.persona],
        doors,
        options.json ? "json" : options.format,
      );
    });
}

function print(
  rows: readonly MatrixRow[],
  personas: readonly string[],
  doors: readonly Door[],
  format: Options["format"],
): void {
  if (format === "json") {
    const all = rows.map(({ endpoint, allowed }) => ({
      ...endpoint,
      allowed: Object.fromEntries(
        doors.map((door) => [
          door,
          Object.fromEntries(personas.map((persona) => [persona, allowed[door][persona] ?? false])),
        ]),
      ),
    }));
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const head = ["method", "path", "needs", "doors", ...personas];
  const body = rows.map(({ endpoint, allowed }) => [
    endpoint.method,
    endpoint.path,
    endpoint.needs ?? "closed",
    endpoint.doors.join(" ") || "–",
    ...personas.map((persona) => (doors.some((door) => allowed[door][persona]) ? "yes" : "–")),
  ]);
  if (format === "markdown") {
    process.stdout.write(`${markdownTable([head, ...body])}\n`);
    return;
  }
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...body);
  process.stdout.write(`${table.toString()}\n${rows.length} endpoints\n`);
}
