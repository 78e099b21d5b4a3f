import { resolve } from "node:path";
import { Command } from "commander";
import { printable } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { dirOption, stackOption } from "../options.ts";

export function planCommand(): Command {
  return new Command("plan")
    .description("print what a stack declares as JSON, secrets replaced; no cloud, no Pulumi CLI")
    .addOption(dirOption())
    .addOption(stackOption("central"))
    .action(async (options: { dir: string; stack: string }) => {
      const plan = await runProgram({ dir: resolve(options.dir), stack: options.stack });
      process.stdout.write(`${printable(plan)}\n`);
    });
}
