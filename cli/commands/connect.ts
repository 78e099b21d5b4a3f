import { resolve } from "node:path";
import { Command, Option } from "commander";
import { readDeployed } from "../../plan/deployed.ts";
import type { Plan } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { connection, WAYS, type Way } from "../connect/connection.ts";
import { connectText } from "../connect/text.ts";
import { UsageError } from "../errors.ts";
import { dirOption, jsonOption, stackOption } from "../options.ts";

interface Options {
  readonly dir: string;
  readonly stack: string;
  readonly state?: string;
  readonly consumer: string;
  readonly persona?: string;
  readonly person?: string;
  readonly workflow?: string;
  readonly via: Way;
  readonly json?: boolean;
}

export function connectCommand(): Command {
  return new Command("connect")
    .description("what a laptop or CI needs to reach the registry: AWS profile, environment, Python")
    .addOption(dirOption())
    .addOption(stackOption("central"))
    .option("--state <file>", "a deployed central stack: what `pulumi stack export` wrote (default: as declared)")
    .requiredOption("--consumer <name>", "team, a key of central's `consumers`")
    .option("--persona <name>", "persona, for a person")
    .option("--person <person>", "such as ada@acme.example, for a person")
    .option("--workflow <name>", "a key of the consumer's `github`, for CI")
    .addOption(
      new Option(
        "--via <way>",
        "identityCenter for laptops, github for CI (default: as the other options say)",
      ).choices(WAYS),
    )
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const { consumer, persona, person, workflow } = options;
      const via = options.via ?? (workflow === undefined ? "identityCenter" : "github");
      const found = connection(await planOf(options), { consumer, persona, person, workflow, via });
      if ("problems" in found) throw new UsageError(found.problems.join("\n"));
      console.log(options.json ? JSON.stringify(found, null, 2) : connectText(found));
    });
}

async function planOf({ dir, stack, state }: Options): Promise<Plan> {
  return state === undefined ? runProgram({ dir: resolve(dir), stack }) : readDeployed(resolve(state));
}
