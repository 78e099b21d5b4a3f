import { Command } from "commander";
import { jobInTerminal } from "../deployments/job.ts";
import { type OrganizationOptions, onlyOption, parallelOption, withOrganization } from "../deployments/options.ts";

export function previewCommand(): Command {
  return withOrganization(
    new Command("preview").description("what a deployment of the organization's stacks would change"),
  )
    .addOption(onlyOption())
    .addOption(parallelOption())
    .action(async (options: OrganizationOptions) => {
      await jobInTerminal(options, { kind: "preview" });
    });
}
