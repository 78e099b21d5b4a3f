import { Command } from "commander";
import { jobInTerminal } from "../deployments/job.ts";
import { type OrganizationOptions, onlyOption, parallelOption, withOrganization } from "../deployments/options.ts";

export function deployCommand(): Command {
  return withOrganization(
    new Command("deploy").description("deploy the central account, then its consumers; one that fails stops no other"),
  )
    .addOption(onlyOption())
    .addOption(parallelOption())
    .option("--clear-pending", "forget resources that a killed pulumi was creating: you have looked for them")
    .action(async ({ clearPending, ...options }: OrganizationOptions & { readonly clearPending?: boolean }) => {
      await jobInTerminal(options, { kind: "deploy", clearPending });
    });
}
