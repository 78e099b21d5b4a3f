import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Persona } from "../../authorizer/catalogue/personas.ts";
import { isPerson } from "../../authorizer/identity/person.ts";
import { UsageError } from "../errors.ts";

/** A user as somebody wants him. */
export interface WantedUser {
  readonly name: string;
  /** Where the invitation goes; default the name, where it is an address. */
  readonly email: string;
  /** Groups of his personas, and further ones. */
  readonly groups: readonly string[];
  readonly enabled: boolean;
}

/** A row of a file: everything as text, but for lists of YAML. */
interface Row {
  readonly person?: unknown;
  readonly email?: unknown;
  readonly persona?: unknown;
  readonly groups?: unknown;
  readonly enabled?: unknown;
}

const COLUMNS = ["person", "email", "persona", "groups", "enabled"];
const EMAIL = /^[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+$/;

/** What users may be put into. */
export interface Known {
  readonly personas: readonly Persona[];
  readonly groups: readonly string[];
}

/** The users that a CSV (with a heading) or YAML file (a list) asks for. @throws UsageError with every fault and its line */
export function readUsersFile(file: string, known: Known): readonly WantedUser[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const rows = file.toLowerCase().endsWith(".csv") ? csvRows(text, file) : yamlRows(text, file);
  const faults: string[] = [];
  const users = rows.flatMap(({ at, row }) => {
    const user = wanted(row, known, (fault) => faults.push(`${at}: ${fault}`));
    return user ? [user] : [];
  });
  const twice = users.filter(({ name }, index) => users.findIndex((other) => other.name === name) !== index);
  faults.push(...twice.map(({ name }) => `\`${name}\` is there twice`));
  if (faults.length)
    throw new UsageError(`${file}: nothing was changed\n${faults.map((each) => `  - ${each}`).join("\n")}`);
  return users;
}

/** Checks one user. @param fault told everything that is wrong; then there is no user */
export function wanted(row: Row, known: Known, fault: (text: string) => void): WantedUser | undefined {
  let good = true;
  const wrong = (text: string) => {
    good = false;
    fault(text);
  };
  const name = textOf(row.person);
  if (!isPerson(name)) wrong(`\`${textOf(row.person)}\` is no person: 2 to 64 of a-z, 0-9 and +=._@-`);
  const email = textOf(row.email) || name;
  if (!EMAIL.test(email)) wrong(`\`${email}\` is no e-mail address; an invitation needs one`);
  const personas = listOf(row.persona);
  const groups = listOf(row.groups);
  const names = known.personas.map((persona) => persona.name);
  for (const each of personas)
    if (!names.includes(each)) wrong(`\`${each}\` is no persona; there is ${names.join(", ")}`);
  for (const each of groups)
    if (!known.groups.includes(each)) wrong(`\`${each}\` is no group of the pool; there is ${known.groups.join(", ")}`);
  const enabled = row.enabled ?? true;
  if (![true, false, "true", "false", ""].some((each) => each === enabled)) wrong("enabled must be true or false");
  if (!good) return undefined;
  const ofPersonas = known.personas.filter((persona) => personas.includes(persona.name)).map(({ group }) => group);
  return {
    name,
    email,
    groups: [...new Set([...ofPersonas, ...groups])].sort(),
    enabled: enabled !== false && enabled !== "false",
  };
}

function listOf(value: unknown): readonly string[] {
  const items = Array.isArray(value) ? value.map(textOf) : textOf(value).split(/[;\s]+/);
  return items.filter(Boolean);
}

/** What a cell of a file says; an object says nothing. */
function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

function yamlRows(text: string, file: string): readonly { readonly at: string; readonly row: Row }[] {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new UsageError(`${file} can't be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(value)) throw new UsageError(`${file} must be a list of {${COLUMNS.join(", ")}}`);
  return value.map((row: unknown, index) => {
    if (typeof row !== "object" || row === null) throw new UsageError(`${file}: entry ${index + 1} is no user`);
    refuseUnknown(Object.keys(row), file);
    return { at: `entry ${index + 1}`, row };
  });
}

function csvRows(text: string, file: string): readonly { readonly at: string; readonly row: Row }[] {
  const [heading = "", ...lines] = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const columns = cells(heading).map((cell) => cell.toLowerCase());
  refuseUnknown(columns, file);
  if (!columns.includes("person"))
    throw new UsageError(`${file}: its first line must name the columns, person among them`);
  return lines.flatMap((line, index) =>
    line.trim() === ""
      ? []
      : [
          {
            at: `line ${index + 2}`,
            row: Object.fromEntries(cells(line).map((cell, at) => [columns[at] ?? "", cell])),
          },
        ],
  );
}

/** Cells of a line; quotes keep a comma. Source: RFC 4180, without line breaks inside. */
function cells(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    (quoted?.replaceAll('""', '"') ?? plain ?? "").trim(),
  );
}

function refuseUnknown(keys: readonly string[], file: string): void {
  const unknown = keys.filter((key) => !COLUMNS.includes(key));
  if (unknown.length) throw new UsageError(`${file}: unknown ${unknown.join(", ")}; there is ${COLUMNS.join(", ")}`);
}
