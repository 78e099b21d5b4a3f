import { Command } from "commander";
import { historyOf } from "../../automation/engine/reading.ts";
import { look } from "../../automation/look.ts";
import { withAutomation } from "../deployments/opened.ts";
import { type OrganizationOptions, withOrganization } from "../deployments/options.ts";
import { counted } from "../deployments/show.ts";

export function historyCommand(): Command {
  return withOrganization(new Command("history").description("the newest 20 updates of a stack, whoever made them"))
    .argument("<name>", "`central`, or a consumer")
    .action(async (name: string, options: OrganizationOptions) => {
      await withAutomation(options, async (automation) => {
        const updates = await look(automation, name, historyOf);
        if (options.json) console.log(JSON.stringify(updates, null, 2));
        else
          for (const { version, kind, result, endTime, changes } of updates)
            console.log(`${version} ${kind} ${result} ${endTime} ${counted(changes)}`);
      });
    });
}
