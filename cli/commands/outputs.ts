import { Command } from "commander";
import { outputsOf } from "../../automation/engine/reading.ts";
import { look } from "../../automation/look.ts";
import { withAutomation } from "../deployments/opened.ts";
import { type OrganizationOptions, withOrganization } from "../deployments/options.ts";

export function outputsCommand(): Command {
  return withOrganization(new Command("outputs").description("outputs of a stack as JSON; secrets stay covered"))
    .argument("<name>", "`central`, or a consumer")
    .action(async (name: string, options: OrganizationOptions) => {
      await withAutomation(options, async (automation) => {
        console.log(JSON.stringify(await look(automation, name, outputsOf), null, 2));
      });
    });
}
