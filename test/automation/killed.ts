import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Engine } from "../../tools/engine/locate.ts";
import { call, ended, kill, type RunningService, type ShownJob, startService, tokenMaker } from "./service.ts";
import type { OrganizationContent, SimulatedOrganization } from "./simulatedOrganization.ts";

/** What happened while the service was killed again and again. */
export interface Killed {
  readonly jobs: readonly ShownJob[];
  /** Steps that a restarted service did again. */
  readonly resumed: number;
  /** Kills that hit `pulumi` in the middle of a change, too. */
  readonly enginesKilled: number;
  /** Steps that were reported, since `pulumi` died while it made resources. */
  readonly reported: number;
  /** How many `pulumi` changed something. */
  readonly engines: number;
}

/** A change of every stack: who works where, and what central gives, by the number of the round. */
export function changed(round: number): (file: OrganizationContent) => void {
  return ({ consumers }) => {
    for (const { central, settings } of Object.values(consumers)) {
      central.personas = round % 2 === 0 ? ["reader", "scientist"] : ["reader", "scientist", "approver"];
      const { ada } = settings.people;
      assert.ok(ada);
      settings.people = {
        ada,
        ...Object.fromEntries(["bo", "cleo", "dan"].slice(0, round % 4).map((name) => [name, person(name, round)])),
      };
    }
  };
}

function person(name: string, round: number) {
  return { person: `${name}@acme.example`, persona: round % 3 ? "reader" : "scientist", workspace: "shared" };
}

/**
 * Deploys change after change, and kills the service at random points with SIGKILL; at every fifth kill, whatever `pulumi` runs dies with it, as in a
 * container. What the restarted service does with it is checked by the caller.
 *
 * @param pause milliseconds until the next kill
 */
export async function killAgainAndAgain(
  engine: Engine,
  org: SimulatedOrganization,
  kills: number,
  pause: () => number,
  said: (line: string) => void,
): Promise<Killed> {
  const token = await (await tokenMaker(org.folder))(["ml-platform"]);
  const log = join(org.folder, "engines.log");
  writeFileSync(log, "");
  const env = watched(engine, org, log);
  const start = () => startService(org, env);
  const jobs: ShownJob[] = [];
  let [service, round, enginesKilled, reported]: [RunningService, number, number, number] = [await start(), 0, 0, 0];
  const submit = async (body: object, key: string) => {
    const { status, body: answer } = await call(service, token, "/jobs", body, { "idempotency-key": key });
    assert.equal(status, 202, JSON.stringify(answer));
    return String(answer.job);
  };
  let job = await submit({ kind: "deploy" }, "round-first-0");
  /** Takes a job that is over; resources that nobody knows of are looked for, as its report asks, and the stack is deployed again. */
  const taken = async (over: ShownJob): Promise<void> => {
    jobs.push(over);
    const lost = over.steps.filter(({ state }) => state === "interrupted");
    reported += lost.length;
    if (lost.length === 0) return;
    const id = await submit({ kind: "deploy", clearPending: true }, `round-clear-${jobs.length}`);
    await taken(await ended(service, token, id));
  };
  for (let i = 0; i < kills; i++) {
    await new Promise((resolve) => setTimeout(resolve, pause()));
    await kill(service);
    if (i % 5 === 4) enginesKilled += killEngines(log);
    service = await start();
    const now = (await call(service, token, `/jobs/${job}`)).body as unknown as ShownJob;
    said(
      `kill ${i + 1}: job ${now.state}, ${now.steps.filter(({ state }) => state === "done").length} of ${now.steps.length} steps done`,
    );
    if (now.state !== "waiting" && now.state !== "running") {
      await taken(now);
      org.write(changed(++round));
      job = await submit({ kind: "deploy" }, `round-next-${round}`);
    }
  }
  await taken(await ended(service, token, job));
  // A change that a report came in between of is deployed once more.
  await taken(await ended(service, token, await submit({ kind: "deploy" }, "round-last-0")));
  await kill(service);
  const resumed = jobs.flatMap(({ steps }) => steps).filter(({ attempts }) => attempts > 1).length;
  return { jobs, resumed, enginesKilled, reported, engines: intervals(log).length };
}

/** A `pulumi` that writes down when it begins to change a stack and when it ends, by a process of its own, so that it needs no help of what is tested. */
function watched(engine: Engine, org: SimulatedOrganization, log: string): NodeJS.ProcessEnv {
  const folder = join(org.folder, "bin");
  mkdirSync(folder);
  const shim = `#!/bin/sh
case "$1" in
  up|refresh|destroy)
    stack=$(echo "$*" | sed -n 's/.*--stack \\([^ ]*\\).*/\\1/p')
    echo "begin $stack $$" >> '${log}'
    '${engine.pulumi}' "$@"; code=$?
    echo "end $stack $$" >> '${log}'
    exit $code ;;
  *) exec '${engine.pulumi}' "$@" ;;
esac
`;
  writeFileSync(join(folder, "pulumi"), shim, { mode: 0o755 });
  return { ...org.env, PATH: [folder, org.env.PATH].join(delimiter) };
}

/** Kills every `pulumi` that is at work. @returns how many */
function killEngines(log: string): number {
  let count = 0;
  for (const { stack, pid, open } of intervals(log)) {
    if (!open) continue;
    try {
      // The group of whatever started it. Source: proc_pid_stat(5), pgrp.
      const group = Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[2]);
      process.kill(-group, "SIGKILL");
      appendFileSync(log, `end ${stack} ${pid}\n`);
      count++;
    } catch {
      // It has just ended, and says so itself.
    }
  }
  return count;
}

/** Each `pulumi` that changed a stack, in order; @throws AssertionError when two were at one stack at once */
export function intervals(
  log: string,
): readonly { readonly stack: string; readonly pid: number; readonly open: boolean }[] {
  const open = new Map<string, number>();
  const all: { stack: string; pid: number; open: boolean }[] = [];
  for (const line of readFileSync(log, "utf8").split("\n").filter(Boolean)) {
    const [what, stack = "", id] = line.split(" ");
    const pid = Number(id);
    if (what === "begin") {
      assert.equal(open.get(stack), undefined, `two pulumi at ${stack} at once`);
      open.set(stack, pid);
      all.push({ stack, pid, open: true });
    } else if (open.get(stack) === pid) {
      open.delete(stack);
      for (const each of all) if (each.pid === pid && each.stack === stack) each.open = false;
    }
  }
  return all;
}

/** The state of a stack as far as two runs can have it alike: resources with inputs and outputs, secrets in clear. */
export function stateOf(engine: Engine, org: SimulatedOrganization, stack: string): unknown {
  const text = execFileSync(engine.pulumi, ["stack", "export", "--show-secrets", "--stack", stack], {
    cwd: join(org.data, "stacks", stack),
    env: { ...org.env, PULUMI_BACKEND_URL: `file://${org.backend}` },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const { deployment } = JSON.parse(text) as {
    readonly deployment: {
      readonly resources: readonly Record<string, unknown>[];
      readonly pending_operations?: unknown;
    };
  };
  assert.equal(deployment.pending_operations, undefined);
  return deployment.resources
    .map(({ created: _, modified: __, sourcePosition: ___, stackTrace: ____, ...rest }) => normal(rest))
    .sort((a, b) => (String(a.urn) < String(b.urn) ? -1 : 1));
}

/** Without what differs from run to run: ids of providers, which the engine draws, and the order of dependencies. */
function normal(resource: Record<string, unknown>): Record<string, unknown> {
  const { id, provider, dependencies, propertyDependencies, type } = resource;
  const sorted = (list: unknown) => (Array.isArray(list) ? [...list].sort() : list);
  return {
    ...resource,
    id: String(type).startsWith("pulumi:providers:") ? "" : id,
    provider: typeof provider === "string" && provider.replace(/::[0-9a-f-]{36}$/, ""),
    dependencies: sorted(dependencies),
    propertyDependencies: Object.fromEntries(
      Object.entries((propertyDependencies ?? {}) as Record<string, unknown>)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, list]) => [key, sorted(list)] as const),
    ),
  };
}

/** Random numbers from 0 to 1 that a seed gives again. Source: mulberry32, Tommy Ettinger. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
