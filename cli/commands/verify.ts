import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { Verification } from "../../local/control.ts";
import { declaredAccess } from "../../plan/documents.ts";
import { decide } from "../../plan/matrix.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { UsageError } from "../errors.ts";
import { dataOption, dirOption, jsonOption } from "../options.ts";
import { askLocalRun } from "../running.ts";
import { deployedTarget, json, stackOutputs } from "../verify/deployedTarget.ts";
import { localTarget } from "../verify/localTarget.ts";
import { asText } from "../verify/render.ts";
import type { Expected } from "../verify/target.ts";
import { CHECKS, holds, verify } from "../verify/verify.ts";

interface Options {
  readonly dir: string;
  readonly data: string;
  readonly outputs?: string;
  readonly callers?: string;
  readonly check: readonly string[];
  readonly json?: boolean;
}

/** Names the running local run in place of a deployed stack. */
const LOCAL = "local";

export function verifyCommand(): Command {
  const names = CHECKS.map(({ name }) => name);
  return new Command("verify")
    .description(
      "ask a running stack what no preview can tell: both doors, every persona, forged headers, odd paths; exit 1: a hole",
    )
    .argument("<stack>", `central stack that is deployed, or \`${LOCAL}\` for the local run`)
    .addOption(dirOption())
    .option("--outputs <file>", "outputs of the stack as JSON (default: ask `pulumi stack output`)")
    .option("--callers <file>", "keys and token per persona as JSON, `-` for the input: see docs/verify.md")
    .addOption(new Option("--check <name...>", `only these: ${names.join(", ")}`).choices(names).default(names))
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (stack: string, options: Options) => {
      const { target, expected } = stack === LOCAL ? await local(options) : await deployed(stack, options);
      const found = await verify(target, expected, options.check, ({ name, about }) =>
        process.stderr.write(`${name}: ${about}\n`),
      );
      const good = holds(found);
      process.stdout.write(
        `${options.json ? JSON.stringify({ holds: good, findings: found }, null, 2) : asText(found)}\n`,
      );
      if (!good) process.exitCode = 1;
    });
}

async function local({ data }: Options) {
  const running = await askLocalRun<Verification>(data, "/verification", {});
  const { expected, origin } = await declared(running.dir, running.stack);
  return { expected, target: await localTarget(data, running, expected.personas, origin) };
}

async function deployed(stack: string, options: Options) {
  if (options.callers === undefined)
    throw new UsageError("who should come to the doors? Give keys and tokens with --callers: see docs/verify.md");
  const dir = resolve(options.dir);
  const { expected } = await declared(dir, stack);
  const outputs = await stackOutputs(dir, stack, options.outputs);
  const names = expected.personas.map(({ name }) => name);
  return { expected, target: deployedTarget(outputs, json(options.callers), names) };
}

/** What the program declares: answers are compared with it, and not with what somebody remembers. */
async function declared(dir: string, stack: string): Promise<{ expected: Expected; origin: string | null }> {
  const plan = await runProgram({ dir, stack });
  const access = await declaredAccess(plan);
  const { uiUrl } = plan.outputs;
  return {
    expected: {
      personas: access.personas,
      allows: (door, persona, method, path) => decide(access, door, [persona], method, path).effect === "allow",
    },
    origin: typeof uiUrl === "string" ? new URL(uiUrl).origin : null,
  };
}
