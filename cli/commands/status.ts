import Table from "cli-table3";
import { Command } from "commander";
import type { Step } from "../../automation/jobs/types.ts";
import { statusOf } from "../../automation/status.ts";
import { withAutomation } from "../deployments/opened.ts";
import { type OrganizationOptions, withOrganization } from "../deployments/options.ts";
import { counted } from "../deployments/show.ts";

export function statusCommand(): Command {
  return withOrganization(
    new Command("status").description("every stack of the organization, and what was last done to it"),
  ).action(async (options: OrganizationOptions) => {
    await withAutomation(options, (automation) => {
      const all = statusOf(automation);
      if (options.json) {
        console.log(JSON.stringify(all, null, 2));
        return;
      }
      // No line between rows, and no column for a stack that is called as its account is: 80 columns are enough for most.
      const table = new Table({
        head: ["name", "account", "region", "last", "drift"],
        style: { head: [], border: [] },
        chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
      });
      for (const { name, account, region, stack, last, drift } of all)
        table.push([
          stack === name ? name : `${name} (${stack})`,
          account,
          region,
          said(last),
          drift?.state === "done" ? counted(drift.changes) : said(drift),
        ]);
      console.log(table.toString());
    });
  });
}

function said(step: Step | null): string {
  if (!step) return "never";
  const at = new Date(step.finished ?? step.started ?? 0).toISOString().slice(0, 16).replace("T", " ");
  return `${step.action} ${step.state} ${at}`;
}
