import { Command } from "commander";
import { historyOf } from "../../automation/engine/reading.ts";
import { look } from "../../automation/look.ts";
import { openAutomation } from "../../automation/open.ts";
import { type OrganizationOptions, withOrganization } from "../deployments/options.ts";
import { counted } from "../deployments/show.ts";

export function historyCommand(): Command {
  return withOrganization(new Command("history").description("the newest 20 updates of a stack, whoever made them"))
    .argument("<name>", "`central`, or a consumer")
    .action(async (name: string, options: OrganizationOptions) => {
      const automation = await openAutomation(options);
      try {
        const updates = await look(automation, name, historyOf);
        if (options.json) console.log(JSON.stringify(updates, null, 2));
        else
          for (const { version, kind, result, endTime, changes } of updates)
            console.log(`${version} ${kind} ${result} ${endTime} ${counted(changes)}`);
      } finally {
        automation.store.close();
      }
    });
}
