import type { z } from "zod";
import { type CentralSettings, centralSchema } from "./central.ts";
import { centralProblems } from "./centralChecks.ts";
import { type ConsumerSettings, consumerSchema } from "./consumer.ts";
import { consumerProblems } from "./consumerChecks.ts";
import { problemsOf, unknownKey } from "./messages.ts";
import { fieldsOf, unwrapped } from "./schema.ts";

export type Settings = CentralSettings | ConsumerSettings;

export type ParsedSettings = { readonly settings: Settings } | { readonly errors: readonly string[] };

/**
 * Settings from the configuration of a stack, checked as a whole.
 *
 * @param raw values by key, without the namespace: text as Pulumi hands it (objects and numbers as JSON), or what the JSON means
 * @returns settings with every default filled in, or every error found: key, what is wrong, what is allowed
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>): ParsedSettings {
  switch (raw.kind) {
    case "central":
      return parsedBy<CentralSettings>(centralSchema, raw, keysOnlyIn(consumerSchema, "consumer"), centralProblems);
    case "consumer":
      return parsedBy<ConsumerSettings>(consumerSchema, raw, keysOnlyIn(centralSchema, "central"), consumerProblems);
    case undefined:
      return { errors: ["kind: is missing; say `central` or `consumer`"] };
    default:
      return { errors: [`kind: \`${String(raw.kind)}\` is no kind of stack; allowed: \`central\` or \`consumer\``] };
  }
}

type ForeignKeys = (key: string) => string | undefined;

/** Each key is parsed by itself, so that one bad value hides no other, and the checks across keys see all that are good. */
function parsedBy<T extends Settings>(
  schema: z.ZodObject,
  raw: Readonly<Record<string, unknown>>,
  foreign: ForeignKeys,
  crossChecks: (settings: Partial<T>) => readonly string[],
): ParsedSettings {
  const errors: string[] = [];
  const good: Record<string, unknown> = {};
  for (const key of Object.keys(raw))
    if (!(key in schema.shape)) errors.push(foreign(key) ?? unknownKey([key], Object.keys(schema.shape)));
  for (const [key, fieldSchema] of fieldsOf(schema)) {
    const value = fromConfig(raw[key], fieldSchema);
    if ("error" in value) {
      errors.push(`${key}: ${value.error}`);
      continue;
    }
    const result = fieldSchema.safeParse(value.value);
    if (!result.success) errors.push(...problemsOf(key, fieldSchema, value.value, result.error.issues));
    const usable = result.success
      ? result
      : fieldSchema.safeParse(withoutFaults(fieldSchema, value.value, result.error.issues));
    if (usable.success) good[key] = usable.data;
  }
  errors.push(...crossChecks(good as Partial<T>));
  return errors.length ? { errors } : { settings: good as T };
}

/** What is left of a value without unknown keys and bad entries of a record, so that the checks across keys still see the rest. */
function withoutFaults(schema: z.ZodType, value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const rest: unknown = structuredClone(value);
  const entries = unwrapped(schema).inner.type === "record";
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") for (const key of issue.keys) remove(rest, [...issue.path, key]);
    else if (entries) remove(rest, issue.path.slice(0, 1));
  }
  return rest;
}

function remove(value: unknown, path: readonly PropertyKey[]): void {
  const [key, ...rest] = path;
  if (typeof value !== "object" || value === null || key === undefined) return;
  const holder = value as Record<PropertyKey, unknown>;
  if (rest.length) remove(holder[key], rest);
  else delete holder[key];
}

/** Pulumi keeps every value as text: a text stays what it is, anything else is JSON. */
function fromConfig(value: unknown, schema: z.ZodType): { readonly value: unknown } | { readonly error: string } {
  if (typeof value !== "string") return { value };
  if (isScalar(schema)) return { value: schema.safeParse(null).success && /^(?:null)?$/.test(value) ? null : value };
  try {
    return { value: JSON.parse(value) };
  } catch {
    return { error: "is not an object; write it as YAML below the key" };
  }
}

function isScalar(schema: z.ZodType): boolean {
  return ["string", "literal", "enum"].includes(unwrapped(schema).inner.type);
}

function keysOnlyIn(schema: z.ZodObject, kind: string): ForeignKeys {
  return (key) => (key in schema.shape ? `${key}: belongs to a stack of kind ${kind}` : undefined);
}
