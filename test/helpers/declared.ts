import { fileURLToPath } from "node:url";
import type { Plan } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const plans = new Map<string, Promise<Plan>>();

/** What a stack of this repository declares; the program runs once per stack for all tests. */
export function declaredPlan(stack: "central" | "datascience"): Promise<Plan> {
  const known = plans.get(stack) ?? runProgram({ dir: ROOT, stack });
  plans.set(stack, known);
  return known;
}
