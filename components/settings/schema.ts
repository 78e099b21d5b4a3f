import { z } from "zod";

/** What the page and the messages know of one field. */
export interface FieldInfo {
  readonly meaning: string;
  readonly allowed: string;
}

/** A schema without its wrappers, and the default that a wrapper gives. */
export function unwrapped(schema: z.ZodType): { readonly inner: z.ZodType; readonly default?: unknown } {
  let inner: z.ZodType = schema;
  let found: { default?: unknown } = {};
  for (;;) {
    if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
      found = { default: inner.def.defaultValue, ...found };
      inner = inner.def.innerType as z.ZodType;
    } else if (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) {
      inner = inner.def.innerType as z.ZodType;
    } else return { inner, ...found };
  }
}

/** Meaning and allowed values of a field, as declared on its innermost schema that has them. */
export function infoOf(schema: z.ZodType): FieldInfo | undefined {
  const meta = unwrapped(schema).inner.meta();
  return meta?.description === undefined ? undefined : { meaning: meta.description, allowed: meta.allowed ?? "" };
}

/** The schema at a path of keys and positions, or undefined where the path leaves the schema. */
export function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  const [key, ...rest] = path;
  const { inner } = unwrapped(schema);
  if (key === undefined) return inner;
  const next = child(inner, key);
  return next && schemaAt(next, rest);
}

/** Keys that an object schema knows; none for anything else. */
export function keysOf(schema: z.ZodType | undefined): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Fields of an object schema by name. */
export function fieldsOf(schema: z.ZodType): readonly (readonly [string, z.ZodType])[] {
  return schema instanceof z.ZodObject ? Object.entries(schema.shape as Record<string, z.ZodType>) : [];
}

function child(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<PropertyKey, z.ZodType>)[key];
  if (schema instanceof z.ZodRecord) return schema.def.valueType as z.ZodType;
  return schema instanceof z.ZodArray ? (schema.def.element as z.ZodType) : undefined;
}
