import type { z } from "zod";
import { type OrganizationFile, SELF_MANAGED } from "./schema.ts";

/** Settings that the organization file says itself, so that they can't be said twice. */
const DERIVED = {
  central: ["kind", "account", "consumers"],
  consumer: ["kind", "account", "consumer", "central"],
} as const;

/** One line per issue: where it is, and what is allowed there. */
export function faultsOf({ issues }: z.ZodError): readonly string[] {
  return issues.flatMap((issue) => {
    const at = issue.path.join(".");
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => `${at === "" ? key : `${at}.${key}`}: is no key of an organization file`);
    const inner = issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join("; ") : issue.message;
    return [`${at || "the file"}: ${inner}`];
  });
}

/** What no key alone shows: names that clash, workspaces that aren't there, settings that are said twice. */
export function crossFaults(file: OrganizationFile): readonly string[] {
  const workspaces = Object.keys(recordOf(file.central.settings.workspaces));
  const stacks = new Map<string, string>([[file.central.stack ?? "central", "central"]]);
  const accounts = new Map<string, string>();
  const faults =
    file.backend?.startsWith("https:") && file.stackOrganization === SELF_MANAGED
      ? ["stackOrganization: name the organization on Pulumi Cloud that has the stacks"]
      : [];
  faults.push(...twice("central", "central", file.central.settings, file.settings));
  for (const [name, consumer] of Object.entries(file.consumers)) {
    const at = `consumers.${name}`;
    const stack = consumer.stack ?? name;
    const other = stacks.get(stack);
    if (name === "central") faults.push(`${at}: the name \`central\` is taken by the central account`);
    else if (other !== undefined) faults.push(`${at}.stack: \`${stack}\` is the stack of ${other}, too`);
    stacks.set(stack, at);
    const same = accounts.get(consumer.account);
    if (same !== undefined) faults.push(`${at}.account: ${consumer.account} is the account of ${same}, too`);
    accounts.set(consumer.account, at);
    for (const workspace of consumer.central.workspaces)
      if (!workspaces.includes(workspace))
        faults.push(
          `${at}.central.workspaces: \`${workspace}\` is no key of central.settings.workspaces; there is ${workspaces.join(", ") || "none"}`,
        );
    if ("account" in consumer.central) faults.push(`${at}.central.account: is said by ${at}.account`);
    faults.push(...twice(at, "consumer", consumer.settings, {}));
  }
  return faults;
}

function twice(at: string, kind: keyof typeof DERIVED, ...settings: readonly object[]): string[] {
  return settings.flatMap((each, i) =>
    DERIVED[kind]
      .filter((key) => key in each)
      .map((key) => `${i === 0 ? `${at}.` : ""}settings.${key}: is set by this file; leave it out`),
  );
}

function recordOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
