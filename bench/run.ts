// Runs the benchmarks, all or those named: `npm run bench -- decision`. With --bars it ends with 1 when a bar doesn't hold.
import { cpus, loadavg } from "node:os";
import type { Bar, Benchmark } from "./report.ts";
import { printed, progress } from "./report.ts";

const BENCHMARKS: Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>> = {
  decision: () => import("./decision.ts"),
  program: () => import("./program.ts"),
  gateway: () => import("./gateway.ts"),
  identity: () => import("./identity.ts"),
  start: () => import("./start.ts"),
  proxy: () => import("./proxy.ts"),
  automation: () => import("./automation.ts"),
  ui: () => import("./ui.ts"),
};

const named = process.argv.slice(2).filter((argument) => argument !== "--bars");
const unknown = named.filter((name) => !(name in BENCHMARKS));
if (unknown.length) {
  console.error(`no benchmark \`${unknown.join(", ")}\`: there is ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exit(2);
}

const load = loadavg()[0] ?? 0;
console.log(
  `node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model ?? "?"}), load ${load.toFixed(1)}`,
);
const bars: Bar[] = [];
for (const [name, load] of Object.entries(BENCHMARKS)) {
  if (named.length && !named.includes(name)) continue;
  progress(name);
  const { benchmark } = await load();
  for (const report of await benchmark()) {
    console.log(printed(report));
    bars.push(...report.bars);
  }
}
const broken = bars.filter(({ holds }) => !holds);
console.log(`\n${bars.length - broken.length} of ${bars.length} bars hold`);
process.exitCode = broken.length && process.argv.includes("--bars") ? 1 : 0;
