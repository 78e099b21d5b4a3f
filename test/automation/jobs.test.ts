import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crashSafe } from "../../automation/engine/backend.ts";
import { EngineError, endOf, type Watch, watchedCommand } from "../../automation/engine/command.ts";
import { alive, markOf, type ProcessMark } from "../../automation/engine/processes.ts";
import { progressOf, reasonOf } from "../../automation/engine/progress.ts";
import { eachAtOnce } from "../../automation/jobs/limit.ts";
import { lockStack, stopOrphan } from "../../automation/jobs/locks.ts";
import { AT_TERMINAL, afterCrash } from "../../automation/jobs/orphans.ts";
import { stepsOf } from "../../automation/jobs/steps.ts";
import { JobStore } from "../../automation/jobs/store.ts";
import type { JobKind } from "../../automation/jobs/types.ts";
import type { Member } from "../../automation/organization/members.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const member = (name: string): Member => ({
  name,
  kind: name === "central" ? "central" : "consumer",
  stack: name,
  qualified: name,
  account: "111111111111",
  region: "eu-west-1",
  deployRole: null,
  environment: {},
  config: {},
});
const MEMBERS = ["central", "vision", "audio"].map(member);
const never = new AbortController().signal;

/** A process of this machine that has ended. */
async function deadProcess(): Promise<ProcessMark> {
  const child = spawn("sleep", ["60"]);
  const mark = markOf(child.pid ?? 0) ?? assert.fail();
  child.kill("SIGKILL");
  await once(child, "exit");
  return mark;
}

describe("the order of a job's steps", () => {
  const order = (kind: JobKind, ...only: string[]) =>
    stepsOf({ kind, only }, MEMBERS).map(({ stage, action, member: name }) => `${stage} ${action} ${name}`);

  it("is central first, and last when all is destroyed; what changes nothing has none", () => {
    assert.deepEqual(order("deploy"), ["0 deploy central", "1 deploy vision", "1 deploy audio"]);
    assert.deepEqual(order("destroy"), ["0 destroy vision", "0 destroy audio", "1 destroy central"]);
    assert.deepEqual(order("preview"), ["0 preview central", "0 preview vision", "0 preview audio"]);
    assert.deepEqual(order("deploy", "audio"), ["0 deploy audio"]);
  });

  it("has central learn of a new consumer before the consumer is looked at", () => {
    assert.deepEqual(order("onboard", "audio"), [
      "0 preview central",
      "1 deploy central",
      "2 preview audio",
      "3 deploy audio",
    ]);
  });
});

describe("the store of jobs", () => {
  it("gives the same job for the same key, and has everything after it is opened again", async () => {
    const folder = temporaryFolder();
    const store = await JobStore.open(folder);
    const request = { kind: "deploy", only: [] } as const;
    const steps = stepsOf(request, MEMBERS);
    const job = store.create(request, steps, "ada", "key");
    assert.equal(store.create(request, steps, "ada", "key").id, job.id);
    assert.notEqual(store.create(request, steps, "ada").id, job.id);
    const [first] = store.steps(job.id);
    assert.ok(first);
    store.beginStep(first);
    store.say(job.id, 0, "something happens");
    store.finishStep(first, "done", { create: 3 }, null);
    store.close();
    const again = await JobStore.open(folder);
    assert.deepEqual(again.job(job.id), job);
    assert.deepEqual(
      again.steps(job.id).map(({ state, changes, attempts }) => [state, changes, attempts]),
      [
        ["done", { create: 3 }, 1],
        ["waiting", null, 0],
        ["waiting", null, 0],
      ],
    );
    assert.deepEqual(
      again.events(job.id).map(({ text }) => text),
      ["something happens"],
    );
    again.close();
  });

  it("goes on with jobs of the service whose process is gone, and reports those of a terminal", async () => {
    const store = await JobStore.open(temporaryFolder());
    const request = { kind: "deploy", only: [] } as const;
    const steps = stepsOf(request, MEMBERS);
    const [live, served, typed] = ["bo", "ada", AT_TERMINAL].map((by) => store.create(request, steps, by));
    assert.ok(live && served && typed);
    const [first] = store.steps(typed.id);
    assert.ok(first);
    store.beginStep(first);
    const dead = JSON.stringify(await deadProcess());
    for (const { id } of [served, typed])
      store.database.prepare("UPDATE jobs SET controller = ? WHERE id = ?").run(dead, id);
    assert.deepEqual(
      afterCrash(store).map(({ id }) => id),
      [served.id],
    );
    assert.equal(store.job(typed.id)?.state, "interrupted");
    assert.deepEqual(
      store.steps(typed.id).map(({ state }) => state),
      ["interrupted", "cancelled", "cancelled"],
    );
    store.close();
  });
});

describe("the lock of a stack", () => {
  it("is one job's alone, in this process and in others", async () => {
    const folder = temporaryFolder();
    const [one, other] = [await JobStore.open(folder), await JobStore.open(folder)];
    const held = await lockStack(one, "vision", assert.fail, never);
    let taken = false;
    const waits: string[] = [];
    const next = lockStack(other, "vision", (why) => waits.push(why), never).then((lock) => {
      taken = true;
      return lock;
    });
    await lockStack(other, "audio", assert.fail, never);
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(taken, false);
    assert.match(waits.join(), /^another job \(process \d+\) works on it$/);
    held.release();
    assert.equal((await next).unfinished, null);
    one.close();
    other.close();
  });

  it("isn't given while the pulumi of a killed process works on, and then says that nobody saw its end", async () => {
    const store = await JobStore.open(temporaryFolder());
    const held = await lockStack(store, "vision", assert.fail, never);
    const child = spawn("sleep", ["60"]);
    const mark = markOf(child.pid ?? 0) ?? assert.fail();
    const engine = { ...mark, job: "a job", ordinal: 0 };
    held.engineStarted(engine);
    // The process that held it is gone.
    store.database.prepare("UPDATE stacks SET holder = ?").run(JSON.stringify(await deadProcess()));
    const waits: string[] = [];
    const next = lockStack(store, "vision", (why) => waits.push(why), never);
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual(waits, [`pulumi (process ${child.pid}) is at work on it`]);
    child.kill();
    assert.deepEqual((await next).unfinished, engine);
    store.close();
  });

  it("is taken from the pulumi of a cancelled step that an earlier life of the service began, and from no other", async () => {
    const store = await JobStore.open(temporaryFolder());
    const request = { kind: "deploy", only: ["vision"] } as const;
    const job = store.create(request, stepsOf(request, MEMBERS), "ada");
    const [step] = store.steps(job.id);
    assert.ok(step);
    const held = await lockStack(store, "vision", assert.fail, never);
    const child = spawn("sleep", ["60"]);
    const mark = markOf(child.pid ?? 0) ?? assert.fail();
    held.engineStarted({ ...mark, job: "another job", ordinal: 0 });
    await stopOrphan(store, step);
    assert.equal(alive(mark), true);
    held.engineStarted({ ...mark, job: job.id, ordinal: 0 });
    await stopOrphan(store, step);
    assert.equal(alive(mark), false);
    store.close();
  });

  it("lets who waits give up", async () => {
    const store = await JobStore.open(temporaryFolder());
    await lockStack(store, "vision", assert.fail, never);
    const stop = new AbortController();
    const next = lockStack(store, "vision", () => stop.abort(), stop.signal);
    await assert.rejects(next, { name: "AbortError" });
    store.close();
  });
});

describe("a watched pulumi", () => {
  /** Writes down that it ran, and ends as told. */
  const fake = (code: number) => {
    const folder = temporaryFolder();
    const [file, ran] = [join(folder, "pulumi"), join(folder, "ran")];
    writeFileSync(file, `#!/bin/sh\necho ' +  aws:iam:Role one created (0s)'\necho "$@" > '${ran}'\nexit ${code}\n`, {
      mode: 0o755,
    });
    return { folder, ran, pulumi: { command: file, version: null } };
  };
  type Run = (
    args: string[],
    cwd: string,
    env: Record<string, string>,
    out: undefined,
    err: undefined,
    signal?: AbortSignal,
  ) => Promise<{ readonly stdout: string }>;
  const run = ({ folder, pulumi }: ReturnType<typeof fake>, watch: Partial<Watch>, signal?: AbortSignal) =>
    (
      watchedCommand(pulumi, { folder, started: () => {}, ended: () => {}, line: () => {}, ...watch }) as unknown as {
        run: Run;
      }
    ).run(["up"], folder, {}, undefined, undefined, signal);

  it("begins only after it was written down, and its end and lines are told", async () => {
    const seen: string[] = [];
    const given = fake(0);
    const { stdout } = await run(given, {
      started: (mark) => seen.push(`started ${String(alive(mark))} ${String(existsSync(given.ran))}`),
      line: (line) => seen.push(line),
      ended: () => seen.push("ended"),
    });
    assert.match(stdout, /created/);
    assert.deepEqual(seen, ["started true false", "ended", " +  aws:iam:Role one created (0s)"]);
  });

  it("never begins when it couldn't be written down", async () => {
    const given = fake(0);
    const broken = run(given, {
      started: () => {
        throw new Error("the disk is full");
      },
    });
    await assert.rejects(broken, /the disk is full/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(existsSync(given.ran), false);
  });

  it("leaves word of its end for whoever looks later", async () => {
    const given = fake(255);
    let pid = 0;
    await assert.rejects(run(given, { started: (mark) => (pid = mark.pid) }));
    const end = endOf(given.folder, "up", pid);
    assert.equal(end?.code, 255);
    assert.match(end?.output ?? "", /created/);
    assert.equal(endOf(given.folder, "up", pid + 1), null);
  });

  it("that was killed has no known end", async () => {
    const given = fake(0);
    writeFileSync(given.pulumi.command, "#!/bin/sh\nkill -9 $$\n", { mode: 0o755 });
    let [pid, seen] = [0, false];
    const killed = run(given, {
      started: (mark) => (pid = mark.pid),
      ended: () => {
        seen = true;
      },
    });
    await assert.rejects(killed, { name: "EngineError" });
    assert.equal(endOf(given.folder, "up", pid), null);
    assert.equal(seen, false);
  });

  it("ends what it has begun when it is told to stop", async () => {
    const given = fake(0);
    writeFileSync(
      given.pulumi.command,
      "#!/usr/bin/env node\nprocess.on('SIGINT', () => { console.log('stopped well'); process.exit(255); }); setInterval(() => {}, 1000); console.log('up');\n",
      { mode: 0o755 },
    );
    const stop = new AbortController();
    const stopped = run(given, { line: () => stop.abort() }, stop.signal);
    await assert.rejects(stopped, (error) => error instanceof EngineError && error.output.includes("stopped well"));
  });

  it("says what pulumi said when it fails", async () => {
    await assert.rejects(run(fake(255), {}), (error) => error instanceof EngineError && /created/.test(error.output));
  });
});

describe("what pulumi says", () => {
  it("is taken apart by resource", () => {
    assert.deepEqual(progressOf(" +  aws:iam:Role gatehouse-studio-bo creating (0s) "), {
      type: "aws:iam:Role",
      name: "gatehouse-studio-bo",
      what: "creating",
    });
    assert.deepEqual(progressOf(" +- aws:iam:Role one replaced (0.1s)")?.what, "replaced");
    for (const line of [
      "@ updating....",
      "    aws:ec2:Subnet one  ",
      "Resources:",
      " ~  aws:ec2:Subnet one refreshing ",
    ])
      assert.equal(progressOf(line), null, line);
  });

  it("gives the reason of a failure alone", () => {
    const output = "Updating (x):\n\nDiagnostics:\n  aws:iam:Role (one):\n    error: no\n\nResources:\n    1 errored\n";
    assert.equal(reasonOf(output), "  aws:iam:Role (one):\n    error: no");
    assert.equal(reasonOf("error: no stack named 'x' found"), "error: no stack named 'x' found");
  });
});

describe("work at once", () => {
  it("is never more than the limit, and reaches every item", async () => {
    let [now, most] = [0, 0];
    const seen: number[] = [];
    await eachAtOnce([1, 2, 3, 4, 5], 2, async (item) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now--;
      seen.push(item);
    });
    assert.equal(most, 2);
    assert.deepEqual(seen.sort(), [1, 2, 3, 4, 5]);
  });
});

describe("a state in a folder", () => {
  it("has no files that a killed pulumi leaves half written", () => {
    const url = (given: string) => crashSafe({ PULUMI_BACKEND_URL: given }).PULUMI_BACKEND_URL;
    assert.equal(url("file:///state"), "file:///state?metadata=skip");
    assert.equal(url("file:///state?no_tmp_dir=true"), "file:///state?no_tmp_dir=true&metadata=skip");
    for (const other of ["file:///state?metadata=skip", "s3://state", "https://api.pulumi.com"])
      assert.equal(url(other), other);
  });
});
