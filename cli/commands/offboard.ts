import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { isPerson } from "../../authorizer/identity/person.ts";
import type { Verification } from "../../local/control.ts";
import { readDeployed } from "../../plan/deployed.ts";
import type { Plan } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { type Administered, type AdministeredOptions, administered, withAdministered } from "../administered.ts";
import { UsageError } from "../errors.ts";
import { grantsGone, type Registry } from "../offboard/grants.ts";
import { endLogins, profilesLeft, revoke, type Step } from "../offboard/steps.ts";
import { jsonOption } from "../options.ts";
import { accessItem } from "../policy/item.ts";
import { askLocalRun } from "../running.ts";
import { userDirectory } from "../users/directory.ts";

interface Options extends AdministeredOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly consumer: readonly string[];
  readonly consumerState: readonly string[];
  readonly tokenFile?: string;
}

export function offboardCommand(): Command {
  const several = (value: string, before: readonly string[]) => [...before, value];
  return withAdministered(
    new Command("offboard").description(
      "a person leaves: shut out at both doors, logins ended, MLflow's roles gone; says what it did and what is left",
    ),
  )
    .argument("<person>", "such as ada@acme.example: the name that MLflow shows")
    .addOption(
      new Option("--consumer <stack>", "a team's stack whose profiles are looked through; several times")
        .argParser(several)
        .default([], "none"),
    )
    .addOption(
      new Option("--consumer-state <file>", "the same of a deployed stack: what `pulumi stack export` wrote")
        .argParser(several)
        .default([], "none"),
    )
    .option("--token-file <file>", "access token of a platform administrator, to see MLflow's roles go (on AWS)")
    .option("--dry-run", "show what would be done, change nothing")
    .addOption(jsonOption())
    .action(offboard);
}

async function offboard(person: string, options: Options): Promise<void> {
  const given: unknown = person;
  if (!isPerson(given)) throw new UsageError(`no person: ${person}; write the lower-case name that MLflow shows`);
  const stack = await administered(options);
  const [item, directory] = [accessItem(stack), userDirectory(stack)];
  const dryRun = options.dryRun ?? false;
  const said: Step[] = [];
  const say = (...steps: readonly Step[]) => {
    said.push(...steps);
    if (!options.json) for (const step of steps) console.log(lineOf(step));
  };
  try {
    say(await revoke(item, person, dryRun));
    say(...(await endLogins(directory, person, dryRun)));
    const registry = await registryOf(stack, options, person, directory);
    say(
      registry
        ? await grantsGone(registry, person, dryRun)
        : { what: "MLflow: takes his roles away by itself; give --token-file to see it", state: "left" },
    );
    say(...profilesLeft(await consumers(stack, options), person));
  } finally {
    item.close();
    directory.close();
    if (options.json) console.log(JSON.stringify({ person, dryRun, steps: said }, null, 2));
  }
}

function lineOf({ what, state }: Step): string {
  const before = { done: "done     ", already: "already  ", left: "left     ", would: "would do " }[state];
  return `${before}${what}`;
}

/** MLflow through the browser door as a platform administrator, where one can be had. */
async function registryOf(
  stack: Administered,
  { data, tokenFile }: Options,
  person: string,
  directory: ReturnType<typeof userDirectory>,
): Promise<Registry | undefined> {
  if (!stack.local) {
    const url = stack.plan.outputs.browserApiUrl;
    if (tokenFile === undefined || typeof url !== "string") return undefined;
    return { url, token: readFileSync(tokenFile, "utf8").trim() };
  }
  const administrator = (await directory.list()).find(
    ({ groups, enabled, name }) => enabled && name !== person && groups.includes("platform-admins"),
  );
  if (!administrator) return undefined;
  const { token } = await askLocalRun<{ token: string }>(data, "/token", { as: administrator.name });
  const { urls } = await askLocalRun<Verification>(data, "/verification", {});
  return { url: urls.browser, token };
}

async function consumers(stack: Administered, options: Options): Promise<readonly Plan[]> {
  const dir = resolve(options.dir);
  // The local run's own team, where nobody says which.
  const named = options.consumer.length || options.consumerState.length || !stack.local;
  const stacks = named ? options.consumer : ["datascience"];
  const planned = await Promise.all(stacks.map((each) => runProgram({ dir, stack: each })));
  return [...planned, ...options.consumerState.map((file) => readDeployed(resolve(file)))];
}
