import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parse } from "yaml";
import { addConsumer, type NewConsumer } from "../../automation/organization/onboard.ts";
import { jobOf } from "../deployments/job.ts";
import { withAutomation } from "../deployments/opened.ts";
import { type OrganizationOptions, withOrganization } from "../deployments/options.ts";
import { UsageError } from "../errors.ts";

export function onboardCommand(): Command {
  return withOrganization(
    new Command("onboard").description("add a consumer to the organization file, then preview and deploy both sides"),
  )
    .argument("<file>", "the consumer as YAML or JSON: name, account, central {personas, workspaces}, settings")
    .action(async (file: string, options: OrganizationOptions) => {
      await withAutomation(options, async (automation) => {
        const consumer = parse(text(file)) as NewConsumer;
        const added = addConsumer(automation.path, consumer);
        process.stderr.write(`${consumer.name} ${added ? "added to" : "is in"} ${options.org}\n`);
        await jobOf(automation, { kind: "onboard", only: [consumer.name] }, options.json ?? false);
      });
    });
}

function text(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
