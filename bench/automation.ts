import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../test/automation/commands.ts";
import { SERVICE, startService, tokenMaker } from "../test/automation/service.ts";
import { type SimulatedOrganization, simulatedOrganization } from "../test/automation/simulatedOrganization.ts";
import { findEngine } from "../tools/engine/locate.ts";
import { megabytes, progress, type Report, seconds, times } from "./report.ts";

const CONSUMERS = 8;
const BARS = { perConsumer: 0.6, previewBytes: 3 * 2 ** 30, idleBytes: 150 * 2 ** 20 };

/** How long previews of many consumers take beside each other, and what the service takes while it waits. The cloud is simulated, the engine is real. */
export async function benchmark(): Promise<readonly Report[]> {
  const engine = findEngine();
  if (!engine) throw new Error("no Pulumi engine on this machine: `npm run engine` builds it");
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
  const org = await simulatedOrganization(engine, folder, CONSUMERS, { service: SERVICE });
  try {
    progress("central is deployed");
    await timed(org, "deploy", "--only", "central");
    // Fills caches, and makes the stacks.
    await timed(org, "preview", "--only", ...org.consumers);
    progress("previews");
    const one = await Promise.resolve().then(async () => {
      const each: number[] = [];
      for (const name of org.consumers.slice(0, 3)) each.push((await timed(org, "preview", "--only", name)).took);
      return each.sort((a, b) => a - b)[1] ?? 0;
    });
    const all = await timed(org, "preview", "--only", ...org.consumers);
    const idle = await idleService(org);
    const ratio = all.took / (CONSUMERS * one);
    return [
      {
        title: `Automation (${CONSUMERS} consumers, the parallel limit of the organization file: 4)`,
        figures: [
          { what: "preview of one consumer, the command from its start to its end", absolute: seconds(one) },
          {
            what: `preview of ${CONSUMERS} consumers`,
            ratio: times(ratio),
            against: `${CONSUMERS} × one`,
            absolute: seconds(all.took),
          },
          { what: "memory of that, with every `pulumi` and every program, at most", absolute: megabytes(all.bytes) },
          { what: "memory of the service while it waits", absolute: megabytes(idle) },
        ],
        bars: [
          { what: `previewing N consumers < ${BARS.perConsumer} × N × one`, holds: ratio < BARS.perConsumer },
          { what: `memory of it < ${megabytes(BARS.previewBytes)}`, holds: all.bytes < BARS.previewBytes },
          { what: `service idle < ${megabytes(BARS.idleBytes)}`, holds: idle < BARS.idleBytes },
        ],
        notes: [
          "The providers are simulated and answer at once: with AWS more of the time is waiting, which is shared.",
        ],
      },
    ];
  } finally {
    org.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command, and looks at the memory of all that it starts. */
async function timed(
  org: SimulatedOrganization,
  ...args: readonly string[]
): Promise<{ readonly took: number; readonly bytes: number }> {
  let bytes = 0;
  const look = setInterval(() => {
    bytes = Math.max(bytes, descendantBytes(process.pid));
  }, 200);
  const start = performance.now();
  const { code, stdout, stderr } = await command(org, ...args, "--parallel", "4");
  const took = (performance.now() - start) / 1000;
  clearInterval(look);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return { took, bytes };
}

async function idleService(org: SimulatedOrganization): Promise<number> {
  await tokenMaker(org.folder);
  const { child } = await startService(org);
  try {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return residentBytes(child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
  }
}

/** Of all processes below one, without it. */
function descendantBytes(root: number): number {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      parents.set(Number(entry), Number(stat[1]));
    } catch {
      // It has just ended.
    }
  }
  const below = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === root || (parent !== undefined && parent > 1 && below(parent));
  };
  return [...parents.keys()].filter(below).reduce((sum, pid) => sum + residentBytes(pid), 0);
}

/** As the kernel shares it out among those who map the same pages. */
function residentBytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
