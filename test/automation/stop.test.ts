import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Engine } from "../../tools/engine/locate.ts";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { PYTHON } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { asCommand, command, job, run } from "./commands.ts";
import { call, ended, type RunningService, SERVICE, startService, tokenMaker } from "./service.ts";
import { type SimulatedOrganization, SMALL, secretsIn, simulatedOrganization } from "./simulatedOrganization.ts";

const TERMINAL = fileURLToPath(new URL("terminal.py", import.meta.url));

// The tests build on each other: what one stops the next one finishes.
describe("a deployment that somebody stops in its middle, under Pulumi's engine", function () {
  this.timeout(120_000);
  let engine: Engine;
  let org: SimulatedOrganization;
  let service: RunningService | undefined;

  before(async function () {
    engine = engineOrSkip(this);
    org = await simulatedOrganization(engine, temporaryFolder(), 1, { program: SMALL, service: SERVICE });
  });
  after(() => {
    service?.child.kill("SIGKILL");
    org?.close();
  });

  /** Something is done while the central stack is at its first new resource, which is made once `pulumi` knows of it. */
  const inTheMiddle = async <T>(begin: () => Promise<T>, then: () => Promise<void>, knows = true): Promise<T> => {
    const cloud = org.cloud("central");
    const made = cloud.created.size;
    let go: () => void = assert.fail;
    cloud.until = new Promise<void>((resolve) => {
      go = resolve;
    });
    let over = false;
    const end = begin().finally(() => {
      over = true;
    });
    const reached = async (what: () => boolean) => {
      while (!what() && !over) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    try {
      await reached(() => cloud.created.size > made);
      await then();
      const said = ["out", "err"].map((kind) => join(org.data, "said/central", `up.${kind}`));
      if (knows) await reached(() => said.some((file) => /\^C received/.test(readFileSync(file, "utf8"))));
    } finally {
      go();
    }
    return end;
  };
  /** Nothing is locked, nothing is pending, and what was made is in the state. */
  const assertClean = () => {
    const locks = join(org.backend, ".pulumi/locks");
    if (existsSync(locks))
      assert.deepEqual(
        readdirSync(locks, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
        [],
      );
    const { deployment } = JSON.parse(
      execFileSync(engine.pulumi, ["stack", "export", "--stack", "central"], {
        cwd: join(org.data, "stacks/central"),
        env: { ...org.env, PULUMI_BACKEND_URL: `file://${org.backend}` },
        encoding: "utf8",
      }),
    ) as { deployment: { resources: { urn: string; type: string }[]; pending_operations?: unknown } };
    assert.equal(deployment.pending_operations, undefined);
    const made = deployment.resources.filter(({ type }) => /^(?:aws|random):/.test(type)).map(({ urn }) => urn);
    assert.deepEqual(made.sort(), [...org.cloud("central").created.keys()].sort());
  };
  /** Takes one role more to be deployed, so that there is something to stop. */
  const grow = (persona: string) =>
    org.write(({ consumers }) => consumers["team-1"]?.central.personas.push(persona, `${persona}-2`, `${persona}-3`));

  it("by `gatehouse cancel`: it ends what it has begun, says that it was cancelled, and leaves a clean state", async () => {
    let said = "";
    const { code, steps } = await inTheMiddle(
      () => job(org, "deploy"),
      async () => {
        said = (await command(org, "cancel", "--only", "central")).stdout;
      },
    );
    assert.match(said, /^central: pulumi \(process \d+\) is told to end what it has begun$/m);
    assert.deepEqual(
      steps.map(({ member, state, error }) => `${member} ${state}: ${error ?? ""}`),
      ["central cancelled: somebody stopped it", "team-1 skipped: waits for deploy of central, which is cancelled"],
    );
    assert.equal(code, 1);
    assertClean();
  });

  it("by Ctrl-C in a terminal: the same, and the screen can be read", async () => {
    const screen = await inTheMiddle(
      () => run(PYTHON, [TERMINAL, ...asCommand(org, "deploy")], { ...org.env, PRESS: "creating|created" }, org.folder),
      () => Promise.resolve(),
    );
    assert.match(screen.stdout, /stopping: pulumi ends what it has begun/);
    assert.match(screen.stdout, /central: deploy cancelled: the job was cancelled/);
    assert.match(screen.stdout, /\n1\n$/);
    assert.match(screen.stdout, /deploy team-1 waits/);
    const lines = stripVTControlCharacters(screen.stdout).split(/\r?\n/);
    assert.ok(Math.max(...lines.map((line) => line.length)) <= 80);
    assertClean();
    assert.deepEqual((await job(org, "deploy", "--only", "central")).ended, ["central deploy done"]);
    assertClean();
  });

  it("over HTTP, as a job and as a stack", async () => {
    const token = await (await tokenMaker(org.folder))(["ml-platform"]);
    const running = await startService(org);
    service = running;
    for (const [what, why] of [
      ["jobs", "the job was cancelled"],
      ["stacks", "somebody stopped it"],
    ] as const) {
      grow(what);
      const { body } = await call(running, token, "/jobs", { kind: "deploy", only: ["central"] });
      const id = String(body.job);
      const over = await inTheMiddle(
        () => ended(running, token, id),
        async () => {
          const path = what === "jobs" ? `/jobs/${id}/cancel` : "/stacks/central/release";
          assert.ok((await call(running, token, path, {})).status < 300);
        },
      );
      assert.deepEqual(
        [over.state, over.steps.map(({ state, error }) => `${state}: ${error}`)],
        ["cancelled", [`cancelled: ${why}`]],
      );
      assertClean();
    }
    const { body } = await call(running, token, "/jobs", { kind: "deploy", only: ["central"] });
    assert.equal((await ended(running, token, String(body.job))).state, "done");
    assertClean();
  });

  it("by a SIGKILL of pulumi: the next one says what AWS may have, and keeps nothing of the state in clear", async () => {
    grow("killed");
    const { steps } = await inTheMiddle(
      () => job(org, "deploy", "--only", "central"),
      async () => {
        for (const group of enginesOf(org)) process.kill(-group, "SIGKILL");
        await Promise.resolve();
      },
      false,
    );
    assert.equal(steps[0]?.state, "failed");
    const next = await job(org, "deploy", "--only", "central");
    assert.equal(next.steps[0]?.state, "interrupted");
    assert.match(next.steps[0]?.error ?? "", /aws:iam\/role:Role team-1-killed \(creating\)/);
    assert.deepEqual((await job(org, "deploy", "--clear-pending", "--only", "central")).ended, ["central deploy done"]);
    assert.deepEqual(secretsIn(org, org.data).found, []);
  });
});

/** Process groups of the `pulumi` that work in an organization's folder. */
function enginesOf({ data }: SimulatedOrganization): readonly number[] {
  return execFileSync("ps", ["-eo", "pgid=,args="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(`${data}/said/`) && line.includes("gatehouse"))
    .map((line) => Number.parseInt(line, 10));
}
