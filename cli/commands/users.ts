import Table from "cli-table3";
import { Command } from "commander";
import type { Persona } from "../../authorizer/catalogue/personas.ts";
import { authorizerArchive } from "../../plan/documents.ts";
import { type AdministeredOptions, administered, withAdministered } from "../administered.ts";
import { UsageError } from "../errors.ts";
import { jsonOption } from "../options.ts";
import { type Change, type PoolUser, userDirectory } from "../users/directory.ts";
import { type Known, readUsersFile, type WantedUser, wanted } from "../users/wanted.ts";

interface Options extends AdministeredOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly persona?: readonly string[];
  readonly group?: readonly string[];
  readonly email?: string;
}

/** Users wanted, given what there is. */
type Ask = (known: Known, users: readonly PoolUser[]) => readonly WantedUser[];

export function usersCommand(): Command {
  const users = new Command("users").description("the people of the user pool: on AWS, or of the local run");
  const sub = (name: string, description: string) =>
    withAdministered(users.command(name).description(description)).addOption(jsonOption());
  const changing = (name: string, description: string) =>
    sub(name, description).option("--dry-run", "show what would change, change nothing");
  sub("list", "list them with persona, groups and state").action(list);
  changing("add", "create a person, who is invited by e-mail with a temporary password")
    .argument("<person>", "such as ada@acme.example: the name that MLflow shows, lower case")
    .requiredOption("--persona <name...>", "persona")
    .option("--group <name...>", "further groups, such as those of workspaces")
    .option("--email <address>", "where the invitation goes (default: the person, where it is an address)")
    .action((person: string, options: Options) => change(options, (known) => [one({ ...options, person }, known)]));
  changing("set", "give a person these personas and groups, and no other")
    .argument("<person>", "who")
    .requiredOption("--persona <name...>", "persona")
    .option("--group <name...>", "further groups, such as those of workspaces")
    .action((person: string, options: Options) =>
      change(options, (known, all) => {
        const now = existing(person, all);
        return [{ ...one({ ...options, person, email: now.email || undefined }, known), enabled: now.enabled }];
      }),
    );
  changing("disable", "end a person's logins and refuse new ones; see also `gatehouse policy revoke`")
    .argument("<person>", "who")
    .action((person: string, options: Options) =>
      change(options, (_, all) => [{ ...existing(person, all), enabled: false }]),
    );
  changing("enable", "let a disabled person log in again, as what he was")
    .argument("<person>", "who")
    .action((person: string, options: Options) =>
      change(options, (_, all) => [{ ...existing(person, all), enabled: true }]),
    );
  changing("import", "make the users of a CSV or YAML file as it says; others are left alone")
    .argument("<file>", "columns person, email, persona, groups, enabled")
    .action((file: string, options: Options) => change(options, (known) => readUsersFile(file, known)));
  return users;
}

async function list(options: Options): Promise<void> {
  const stack = await administered(options);
  const directory = userDirectory(stack);
  try {
    const personas = personasOf(stack.plan);
    const users = (await directory.list()).map((user) => ({
      ...user,
      personas: personas.filter(({ group }) => user.groups.includes(group)).map(({ name }) => name),
    }));
    if (options.json) return console.log(JSON.stringify(users, null, 2));
    const table = new Table({ head: ["person", "persona", "groups", "state"], style: { head: [], border: [] } });
    for (const { name, personas: held, groups, enabled, status } of users)
      table.push([name, held.join(", ") || "none", groups.join(", "), enabled ? status.toLowerCase() : "disabled"]);
    console.log(table.toString());
  } finally {
    directory.close();
  }
}

async function change(options: Options, ask: Ask): Promise<void> {
  const stack = await administered(options);
  const directory = userDirectory(stack);
  try {
    const [users, groups] = await Promise.all([directory.list(), directory.groups()]);
    const known = { personas: personasOf(stack.plan), groups };
    const changes = ask(known, users).flatMap((each) =>
      directory.changes(
        each,
        users.find(({ name }) => name === each.name),
        groups,
      ),
    );
    if (options.json)
      console.log(
        JSON.stringify(
          { dryRun: options.dryRun ?? false, changes: changes.map(({ name, what }) => ({ name, what })) },
          null,
          2,
        ),
      );
    await applied(changes, options);
    if (!options.json && !changes.length) console.log("nothing to change");
    if (changes.some(({ what }) => what.startsWith("create")) && stack.local && !options.dryRun)
      console.error(`the invitation is in ${options.data}/mail.log, since a local run sends no e-mail`);
  } finally {
    directory.close();
  }
}

/** One after the other: what failed is the first that was not said. */
async function applied(changes: readonly Change[], options: Options): Promise<void> {
  for (const { name, what, apply } of changes) {
    if (!options.dryRun) await apply();
    if (!options.json) console.log(`${options.dryRun ? "would: " : ""}${name}: ${what}`);
  }
}

function one(
  {
    person,
    email,
    persona,
    group,
  }: { person: string; email?: string | undefined } & Pick<Options, "persona" | "group">,
  known: Known,
): WantedUser {
  const faults: string[] = [];
  const row = { person, email, persona: persona ?? [], groups: group ?? [] };
  const user = wanted(row, known, (fault) => faults.push(fault));
  if (!user) throw new UsageError(faults.join("; "));
  return user;
}

function existing(person: string, users: readonly PoolUser[]): PoolUser {
  const found = users.find(({ name }) => name === person);
  if (!found) throw new UsageError(`no user \`${person}\`: see \`gatehouse users list\``);
  return found;
}

function personasOf(plan: Parameters<typeof authorizerArchive>[0]): readonly Persona[] {
  return JSON.parse(authorizerArchive(plan)["personas.json"]) as readonly Persona[];
}
