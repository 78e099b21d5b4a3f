import type { Plan } from "../plan.ts";

/** Properties that AWS gives, by which one resource's text can name another. */
const GIVEN = ["arn", "executionArn", "invokeArn", "id", "bucket", "name"] as const;

/** Shorter values could be part of anything. */
const SHORTEST = 8;

/**
 * Writes resources by their name in the program instead of the ids that a deployment made, so that a deployed state and a run of the program can be
 * compared.
 *
 * @returns a function for any text of the plan
 */
export function symbols(plans: readonly Plan[]): (text: string) => string {
  const names = new Map<string, string>();
  for (const plan of plans)
    for (const { type, name, id, state } of plan.resources)
      for (const property of GIVEN) {
        const value = property === "id" ? id : state[property];
        if (typeof value !== "string" || value.length < SHORTEST || names.has(value)) continue;
        // Fixed names say more than the program's own, and are the same everywhere.
        if (!generated(value, name)) continue;
        names.set(value, `<${type.split(":").at(-1) ?? type} ${name}${property === "arn" ? "" : ` ${property}`}>`);
      }
  const longestFirst = [...names].sort(([a], [b]) => b.length - a.length);
  return (text) => longestFirst.reduce((result, [value, name]) => result.replaceAll(value, name), text);
}

/** Whether AWS or Pulumi chose a part of it: an id in hexadecimal or base 36, or a name with a random end. */
function generated(value: string, name: string): boolean {
  const last = value.split(/[/:]/).at(-1) ?? value;
  return (
    last !== name &&
    (/-[0-9a-f]{7}$/.test(last) || /(?:^|[-_/:])(?=\w*\d)(?=\w*[a-zA-Z])[0-9a-zA-Z]{10,}(?:$|[/:])/.test(value))
  );
}
