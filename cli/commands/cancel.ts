import { Command } from "commander";
import { release } from "../../automation/release.ts";
import { withAutomation } from "../deployments/opened.ts";
import { type OrganizationOptions, onlyOption, withOrganization } from "../deployments/options.ts";
import { UsageError } from "../errors.ts";

export function cancelCommand(): Command {
  return withOrganization(
    new Command("cancel").description(
      "stop what works on these stacks, and take away the lock of a pulumi that was killed",
    ),
  )
    .addOption(onlyOption())
    .action(async (options: OrganizationOptions) => {
      if (options.only.length === 0) throw new UsageError("name the stacks with --only");
      await withAutomation(options, async (automation) => {
        for (const line of await release(automation, options.only)) console.log(line);
      });
    });
}
