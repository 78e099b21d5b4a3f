import { Command } from "commander";
import { jobInTerminal } from "../deployments/job.ts";
import { type OrganizationOptions, onlyOption, parallelOption, withOrganization } from "../deployments/options.ts";
import { counted } from "../deployments/show.ts";
import { DRIFTED } from "../errors.ts";

export function driftCommand(): Command {
  return withOrganization(
    new Command("drift").description(
      `what somebody changed in AWS past Pulumi; exit ${DRIFTED} says that somebody did`,
    ),
  )
    .addOption(onlyOption())
    .addOption(parallelOption())
    .option("--accept", "take what is in AWS over into the state")
    .action(async ({ accept, ...options }: OrganizationOptions & { readonly accept?: boolean }) => {
      const steps = await jobInTerminal(options, { kind: accept ? "refresh" : "drift" });
      const drifted = steps.filter(({ changes }) => Object.keys(changes ?? {}).length > 0);
      if (drifted.length === 0) return;
      if (!options.json)
        for (const { member, changes } of drifted) console.log(`  ${member} drifted ${counted(changes)}`);
      if (!accept) process.exitCode ??= DRIFTED;
    });
}
