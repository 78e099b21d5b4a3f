import type { Context } from "mocha";
import { type Engine, findEngine } from "../../tools/engine/locate.ts";

const MISSING =
  "no Pulumi engine on this machine: `node tools/engine/build.ts` builds it (once, 7 minutes on two cores), or put `pulumi` on PATH";

/** The engine to test with. Without one the tests are skipped, and say why; in CI, where nobody reads that, they fail. */
export function engineOrSkip(context: Context): Engine {
  const engine = findEngine();
  if (engine) return engine;
  if (process.env.CI) throw new Error(MISSING);
  console.log(`    skipped: ${MISSING}`);
  return context.skip();
}
