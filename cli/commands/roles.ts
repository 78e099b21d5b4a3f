import { resolve } from "node:path";
import { Command, Option } from "commander";
import { readDeployed } from "../../plan/deployed.ts";
import type { Plan } from "../../plan/plan.ts";
import { rolesDot } from "../../plan/roles/dot.ts";
import { breaches, reaches } from "../../plan/roles/reach.ts";
import { rolesJson, rolesText } from "../../plan/roles/render.ts";
import { worldOf } from "../../plan/roles/world.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { dirOption, jsonOption } from "../options.ts";

interface Options {
  readonly dir: string;
  readonly central: string;
  readonly consumer: readonly string[];
  readonly state: readonly string[];
  readonly format: "text" | "json" | "dot";
  readonly json?: boolean;
}

export function rolesCommand(): Command {
  const several = (value: string, before: readonly string[]) => [...before, value];
  return new Command("roles")
    .description("which role leads where, over all declared roles: fails when one reaches another persona or person")
    .addOption(dirOption())
    .option("--central <stack>", "the central stack", "central")
    .addOption(
      new Option("--consumer <stack>", "a team's stack; may be given several times")
        .argParser(several)
        .default([], "datascience"),
    )
    .addOption(
      new Option("--state <file>", "deployed stacks instead, as `pulumi stack export` wrote them; several times")
        .argParser(several)
        .default([], "none"),
    )
    .addOption(
      new Option("--format <format>", "dot is Graphviz's language").choices(["text", "json", "dot"]).default("text"),
    )
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const world = worldOf(await plansOf(options));
      const ways = reaches(world);
      const bad = breaches(world);
      const format = options.json ? "json" : options.format;
      if (format === "json") console.log(JSON.stringify(rolesJson(world, ways, bad), null, 2));
      else if (format === "dot") process.stdout.write(rolesDot(world, ways, bad));
      else console.log(rolesText(world, ways, bad));
      if (bad.length) process.exitCode = 1;
    });
}

function plansOf({ dir, central, consumer, state }: Options): Promise<readonly Plan[]> {
  if (state.length) return Promise.resolve(state.map((file) => readDeployed(resolve(file))));
  const stacks = [central, ...(consumer.length ? consumer : ["datascience"])];
  return Promise.all(stacks.map((stack) => runProgram({ dir: resolve(dir), stack })));
}
