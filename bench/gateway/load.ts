import { Pool } from "undici";
import { groupCpu } from "../processes.ts";
import { median, quantile } from "../statistics.ts";
import { call, type Target } from "./target.ts";

/** One batch of requests to one target. */
interface Batch {
  /** Milliseconds of each request. */
  readonly latencies: readonly number[];
  readonly seconds: number;
  /** CPU milliseconds of a request, by group. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** All batches of a target at one concurrency. */
export interface Load {
  readonly batches: readonly Batch[];
  readonly median: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly cpu: (group: string) => number;
}

export interface LoadOptions {
  readonly concurrency: number;
  readonly rounds: number;
  /** A batch ends after so many requests, or after so many milliseconds. */
  readonly requests: number;
  readonly ms: number;
  /** Told after each batch. */
  readonly after: (name: string) => void;
}

/** As many different signatures as a batch sends in turn. */
const PREPARED = 64;

/** Loads the targets in turn, round by round, so that what disturbs the machine disturbs them all. */
export async function loads<Name extends string>(
  targets: Readonly<Record<Name, Target>>,
  options: LoadOptions,
): Promise<Readonly<Record<Name, Load>>> {
  const names = Object.keys(targets) as Name[];
  const batches = new Map<Name, Batch[]>(names.map((name) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      const measured = await batch(targets[name], options).catch((error: unknown) => {
        throw new Error(`${name}, ${options.concurrency} at a time, round ${round + 1}`, { cause: error });
      });
      batches.get(name)?.push(measured);
      options.after(name);
    }
  }
  return Object.fromEntries(names.map((name) => [name, summary(batches.get(name) ?? [])])) as Record<Name, Load>;
}

async function batch(target: Target, options: LoadOptions): Promise<Batch> {
  const pool = new Pool(target.origin, { connections: options.concurrency });
  const prepared = await Promise.all(
    Array.from({ length: Math.min(PREPARED, options.requests) }, () => target.headers()),
  );
  const send = (i: number) => call(pool, target.path, prepared[i % prepared.length] ?? {}, target.body);
  const latencies: number[] = [];
  try {
    // Opens a connection. Not all of them at once before the rest: a slow server would close the first for being idle.
    await send(0);
    const cpuBefore = cpuOf(target);
    const began = performance.now();
    let sent = 0;
    const worker = async () => {
      while (sent < options.requests && performance.now() - began < options.ms) {
        const at = performance.now();
        await send(sent++);
        latencies.push(performance.now() - at);
      }
    };
    await Promise.all(Array.from({ length: options.concurrency }, worker));
    const seconds = (performance.now() - began) / 1000;
    const cpuAfter = cpuOf(target);
    const cpu = Object.entries(cpuAfter).map(([name, value]) => [
      name,
      (value - (cpuBefore[name] ?? 0)) / latencies.length,
    ]);
    return { latencies, seconds, cpu: Object.fromEntries(cpu) };
  } finally {
    await pool.close();
  }
}

function cpuOf({ groups }: Target): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, groupCpu(group)]));
}

function summary(batches: readonly Batch[]): Load {
  const all = batches.flatMap(({ latencies }) => latencies);
  return {
    batches,
    median: median(all),
    p99: quantile(all, 0.99),
    perSecond: all.length / batches.reduce((sum, { seconds }) => sum + seconds, 0),
    cpu: (group) =>
      batches.reduce((sum, { cpu, latencies }) => sum + (cpu[group] ?? 0) * latencies.length, 0) / all.length,
  };
}

/** What a target takes longer than another, in milliseconds: the median over the rounds of the difference of their medians. */
export function added(load: Load, base: Load): number {
  return median(
    load.batches.map(({ latencies }, i) => median(latencies) - median(base.batches[i]?.latencies ?? [Number.NaN])),
  );
}
