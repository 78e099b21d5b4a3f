import { Command } from "commander";
import { openAutomation } from "../../automation/open.ts";
import { release } from "../../automation/release.ts";
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
      const automation = await openAutomation(options);
      try {
        for (const line of await release(automation, options.only)) console.log(line);
      } finally {
        automation.store.close();
      }
    });
}
