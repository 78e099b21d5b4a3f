import { bench, type Check } from "./check.ts";
import { IDENTITY } from "./checks/identity.ts";
import { METHODS } from "./checks/methods.ts";
import { PATHS } from "./checks/paths.ts";
import { PERSONAS } from "./checks/personas.ts";
import { PREFLIGHT } from "./checks/preflight.ts";
import { SIZE } from "./checks/size.ts";
import type { Expected, Finding, Target } from "./target.ts";

export const CHECKS: readonly Check[] = [IDENTITY, PERSONAS, METHODS, PATHS, PREFLIGHT, SIZE];

/**
 * Asks a running stack what can't be known from its resources. Nothing is changed: what would write is sent only where it must be refused, with
 * ids that don't exist.
 *
 * @param only names of checks; default all
 */
export async function verify(
  target: Target,
  expected: Expected,
  only: readonly string[] = CHECKS.map(({ name }) => name),
  progress: (check: Check) => void = () => undefined,
): Promise<readonly Finding[]> {
  const on = bench(target, expected);
  const found: Finding[] = [];
  // One after the other: a throttle that one check meets must not look like another's refusal.
  for (const check of CHECKS.filter(({ name }) => only.includes(name))) {
    progress(check);
    found.push(...(await check.run(on)));
  }
  return found;
}

/** Whether a stack is as it must be: nothing passes that must not, and nothing is refused that must work. */
export function holds(found: readonly Finding[]): boolean {
  return found.every(({ outcome }) => outcome === "ok" || outcome === "skipped");
}
