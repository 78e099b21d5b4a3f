import { resolve } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import type { Administration } from "../local/administration.ts";
import { readDeployed } from "../plan/deployed.ts";
import { ofType, type Plan, text } from "../plan/plan.ts";
import { runProgram } from "../plan/runProgram.ts";
import { dataOption, dirOption, stackOption } from "./options.ts";
import { askLocalRun } from "./running.ts";

/** Options of a command that administers a central stack, on AWS or on this machine. */
export interface AdministeredOptions {
  readonly dir: string;
  readonly stack: string;
  readonly data: string;
  readonly state?: string;
}

/** A central stack whose users or access policy a command manages. */
export interface Administered {
  readonly plan: Plan;
  readonly region: string;
  readonly userPoolId: string;
  readonly accessTable: string;
  /** Of the local run; absent on AWS, where the SDK knows both by itself. */
  readonly local?: Administration;
}

export function withAdministered(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--state <file>",
        "a deployed stack on AWS: what `pulumi stack export` wrote (default: the local run)",
      ),
    )
    .addOption(dirOption())
    .addOption(stackOption("central"))
    .addOption(dataOption());
}

/** @throws UsageError, PlanFitError saying what to give */
export async function administered(options: AdministeredOptions): Promise<Administered> {
  if (options.state !== undefined) return shaped(readDeployed(resolve(options.state)));
  const local = await askLocalRun<Administration>(options.data, "/administration", {});
  return { ...shaped(await runProgram({ dir: resolve(options.dir), stack: options.stack })), local };
}

/** How an SDK client reaches a service of it. */
export function clientOf(stack: Administered, service: "userPool" | "tables") {
  if (!stack.local) return { region: stack.region };
  const endpoint = service === "userPool" ? stack.local.userPoolUrl : stack.local.tablesUrl;
  return { region: stack.region, endpoint, credentials: stack.local.credentials };
}

function shaped(plan: Plan): Administered {
  const [pool] = ofType(plan, "aws:cognito/userPool:UserPool");
  const [table] = ofType(plan, "aws:dynamodb/table:Table");
  const userPoolId = pool ? ((pool.state.id as string | undefined) ?? pool.id) : "";
  return {
    plan,
    userPoolId,
    region: userPoolId.split("_")[0] ?? "",
    accessTable: table ? text(table, "name") : "",
  };
}
