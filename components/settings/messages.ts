import type { z } from "zod";
import { nearest } from "./nearest.ts";
import { infoOf, keysOf, schemaAt } from "./schema.ts";

type Issue = z.core.$ZodIssue;

/**
 * The problems that a schema found in the value of one key, in words: key, what is wrong, what is allowed.
 *
 * @param value what was parsed, to show the offending part
 */
export function problemsOf(
  key: string,
  schema: z.ZodType,
  value: unknown,
  issues: readonly Issue[],
): readonly string[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((each) => unknownKey([key, ...issue.path, each], keysOf(schemaAt(schema, issue.path))));
    return [`${dotted([key, ...issue.path])}: ${wrong(issue, partOf(value, issue.path))}${allowed(schema, issue)}`];
  });
}

/** What to say of a key that nothing reads. */
export function unknownKey(path: readonly PropertyKey[], known: readonly string[]): string {
  const meant = nearest(String(path.at(-1)), known);
  return `${dotted(path)}: is no setting; ${meant ? `did you mean \`${meant}\`?` : `known here: ${known.join(", ")}`}`;
}

function wrong(issue: Issue, part: unknown): string {
  if (part === undefined) return "is missing";
  if (issue.code === "invalid_key") return "is no name that is allowed here";
  return `\`${typeof part === "string" ? part : JSON.stringify(part)}\` is not allowed`;
}

/** A bad name has what is allowed on the record that holds it. */
function allowed(schema: z.ZodType, issue: Issue): string {
  for (const path of [issue.path, issue.path.slice(0, -1)]) {
    const at = schemaAt(schema, path);
    const info = at && infoOf(at);
    if (info?.allowed) return `; allowed: ${info.allowed}`;
  }
  const known = keysOf(schemaAt(schema, issue.path));
  return known.length ? `; give it ${known.join(", ")}` : "";
}

function partOf(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === "object" && part !== null ? (part as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join(".");
}
