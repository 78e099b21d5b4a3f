import { Command } from "commander";
import { jobInTerminal } from "../deployments/job.ts";
import { type OrganizationOptions, onlyOption, parallelOption, withOrganization } from "../deployments/options.ts";
import { UsageError } from "../errors.ts";

export function destroyCommand(): Command {
  return withOrganization(
    new Command("destroy").description(
      "destroy consumers, then the central account; protected data stays, and says so",
    ),
  )
    .addOption(onlyOption())
    .addOption(parallelOption())
    .option("--yes", "really")
    .action(async ({ yes, ...options }: OrganizationOptions & { readonly yes?: boolean }) => {
      if (!yes) throw new UsageError("destroy deletes what these stacks hold: say --yes");
      await jobInTerminal(options, { kind: "destroy" });
    });
}
