import { resolve } from "node:path";
import { Command } from "commander";
import { policySize } from "../../authorizer/policy/document.ts";
import { stackNames } from "../../plan/configuration.ts";
import { declaredAccess } from "../../plan/documents.ts";
import { PlanFitError } from "../../plan/plan.ts";
import { prove } from "../../plan/proof.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { UsageError } from "../errors.ts";
import { dirOption } from "../options.ts";

export function checkCommand(): Command {
  return new Command("check")
    .description("check settings, policy sizes and the proof that the documents grant exactly the catalogue; no AWS")
    .addOption(dirOption())
    .option("--stack <name>", "one stack (default: every stack of the folder)")
    .action(async (options: { dir: string; stack?: string }) => {
      const dir = resolve(options.dir);
      const stacks = options.stack === undefined ? stackNames(dir) : [options.stack];
      if (!stacks.length) throw new UsageError(`no stack in ${dir}: give the program's folder with --dir`);
      for (const stack of stacks) await checkStack(dir, stack);
    });
}

async function checkStack(dir: string, stack: string): Promise<void> {
  const plan = await runProgram({ dir, stack });
  console.log(`${stack}: settings hold, ${plan.resources.length} resources declared`);
  const access = await declaredAccess(plan).catch((error: unknown) => {
    if (error instanceof PlanFitError) return undefined;
    throw error;
  });
  if (!access) return console.log(`${stack}: declares no doors to MLflow, so there is nothing to prove`);
  for (const persona of access.personas) {
    const code = access.documents("code", [persona]).map(policySize);
    const [browser = 0] = access.documents("browser", [persona]).map(policySize);
    console.log(
      `  ${persona.name}: managed policies of ${code.join(", ") || 0} characters; browser document ${browser}`,
    );
  }
  const faults = prove(access);
  for (const fault of faults) console.error(`  ${fault}`);
  console.log(
    faults.length
      ? `${stack}: ${faults.length} faults`
      : `${stack}: proved: every document grants exactly the catalogue, and both doors agree`,
  );
  if (faults.length) process.exitCode = 1;
}
