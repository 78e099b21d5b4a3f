import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parse } from "yaml";
import {
  type AccessDocument,
  type AccessPolicy,
  AccessPolicyError,
  DEPLOYED_ALONE,
} from "../../authorizer/identity/accessPolicy.ts";
import { isPerson } from "../../authorizer/identity/person.ts";
import { accessPolicyFaults } from "../../plan/accessPolicy.ts";
import { declaredAccess } from "../../plan/documents.ts";
import { type Administered, type AdministeredOptions, administered, withAdministered } from "../administered.ts";
import { UsageError } from "../errors.ts";
import { jsonOption } from "../options.ts";
import { accessItem } from "../policy/item.ts";

interface Options extends AdministeredOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** Stands for revoked persons that nobody can read any more. */
const UNKNOWN_REVOKED: AccessPolicy["revoked"] = {};

export function policyCommand(): Command {
  const policy = new Command("policy").description(
    "what administrators change without a deployment: groups of personas, permissions taken away, persons shut out",
  );
  const sub = (name: string, description: string) =>
    withAdministered(policy.command(name).description(description)).addOption(jsonOption());
  sub("show", "print the access policy").action((options: Options) => change(options, undefined));
  sub("set", "replace it by a YAML or JSON file, after the stack's own validation and proof")
    .argument("<file>", "keys groups, mayNot, revoked")
    .option("--dry-run", "check and show, write nothing")
    .action((file: string, options: Options) => change(options, (now) => documentOf(file, now), true));
  sub("revoke", "shut a person out at both doors, whatever token or role he holds")
    .argument("<person...>", "such as ada@acme.example")
    .option("--dry-run", "check and show, write nothing")
    .action((persons: string[], options: Options) => change(options, (now) => revoked(now, persons)));
  sub("restore", "let a revoked person in again")
    .argument("<person...>", "such as ada@acme.example")
    .option("--dry-run", "check and show, write nothing")
    .action(async (persons: string[], options: Options) => {
      await change(options, (now) => restored(now, persons));
      console.error(
        "a login that was disabled, as `gatehouse offboard` does, stays so: `gatehouse users enable <person>`",
      );
    });
  return policy;
}

async function change(
  options: Options,
  next: ((now: AccessPolicy) => unknown) | undefined,
  replaces = false,
): Promise<void> {
  const stack = await administered(options);
  const item = accessItem(stack);
  try {
    const now = await (replaces ? readable(item) : item.read());
    if (!next) return show(options, now.item, documentAlone(now));
    const document = await checked(next(now), stack);
    if (JSON.stringify(document) === JSON.stringify(documentAlone(now))) {
      console.error("nothing to change");
      return show(options, now.item, document);
    }
    if (options.dryRun) console.error("dry run: nothing was written");
    const version = options.dryRun ? now.item : await item.write(document, now.item);
    show(options, version, document);
    if (!options.dryRun) console.error("both doors follow within 30 seconds");
  } finally {
    item.close();
  }
}

/** What is stored, or a version to replace what is no good: then the file has to say who is revoked, as nobody knows any more. */
async function readable(item: ReturnType<typeof accessItem>): Promise<AccessPolicy> {
  try {
    return await item.read();
  } catch (error) {
    if (!(error instanceof AccessPolicyError)) throw error;
    console.error(`what is stored can't be used (${error.message}); this replaces it`);
    return { ...DEPLOYED_ALONE, item: await item.version(), revoked: UNKNOWN_REVOKED };
  }
}

/** @throws UsageError with all faults at once */
async function checked(value: unknown, { plan }: Administered): Promise<AccessDocument> {
  const faults = accessPolicyFaults(value, await declaredAccess(plan));
  if (faults.length)
    throw new UsageError(`the access policy was not written:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
  return documentAlone({ ...DEPLOYED_ALONE, ...(value as Partial<AccessDocument>) });
}

function documentAlone({ groups, mayNot, revoked }: Omit<AccessDocument, "version">): AccessDocument {
  return { version: 1, groups, mayNot, revoked };
}

function documentOf(file: string, now: AccessPolicy): unknown {
  let value: unknown;
  try {
    value = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file} can't be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  // A file that says nothing of revoked persons must not let them in again.
  if (now.revoked === UNKNOWN_REVOKED && !("revoked" in value))
    throw new UsageError(`${file} has to name \`revoked\`, if only as {}: who was, can't be read any more`);
  return { version: 1, revoked: now.revoked, ...value };
}

function revoked(now: AccessPolicy, persons: readonly string[]): AccessDocument {
  const wrong = persons.filter((person) => !isPerson(person));
  if (wrong.length) throw new UsageError(`no person: ${wrong.join(", ")}; write the lower-case name that MLflow shows`);
  const since = new Date().toISOString();
  const added = Object.fromEntries(persons.map((person) => [person, now.revoked[person] ?? since]));
  return documentAlone({ ...now, revoked: { ...now.revoked, ...added } });
}

function restored(now: AccessPolicy, persons: readonly string[]): AccessDocument {
  const unknown = persons.filter((person) => !Object.hasOwn(now.revoked, person));
  if (unknown.length)
    throw new UsageError(
      `not revoked: ${unknown.join(", ")}; revoked are ${Object.keys(now.revoked).join(", ") || "none"}`,
    );
  const kept = Object.entries(now.revoked).filter(([person]) => !persons.includes(person));
  return documentAlone({ ...now, revoked: Object.fromEntries(kept) });
}

function show(options: Options, version: number, document: AccessDocument): void {
  if (options.json) {
    console.log(JSON.stringify({ item: version, ...document }, null, 2));
    return;
  }
  if (version === 0) console.log("no access policy: the deployed settings count alone");
  else console.log(`access policy, version ${version}`);
  for (const [persona, groups] of Object.entries(document.groups))
    console.log(`  ${persona}: groups ${groups.join(", ") || "none"}`);
  for (const [persona, permissions] of Object.entries(document.mayNot))
    console.log(`  ${persona}: may not ${permissions.join(", ") || "nothing"}`);
  for (const [person, since] of Object.entries(document.revoked)) console.log(`  ${person}: revoked since ${since}`);
}
