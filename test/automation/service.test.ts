import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { call, ended, type RunningService, SERVICE, startService, tokenMaker } from "./service.ts";
import { type Entry, type SimulatedOrganization, SMALL, simulatedOrganization } from "./simulatedOrganization.ts";

// The tests build on each other: one service, from its start to its end.
describe("the automation service", function () {
  this.timeout(400_000);
  let org: SimulatedOrganization;
  let service: RunningService;
  let make: Awaited<ReturnType<typeof tokenMaker>>;
  let audio: Entry;
  let viewer: string;
  let planner: string;
  let deployer: string;

  before(async function () {
    const folder = temporaryFolder();
    org = await simulatedOrganization(engineOrSkip(this), folder, 1, { service: SERVICE, program: SMALL });
    make = await tokenMaker(folder);
    [viewer, planner, deployer] = await Promise.all([make(["staff"]), make(["ml-planners"]), make(["ml-platform"])]);
    // Credentials at hand, which a new account is reached with where the file names no others.
    audio = await org.entry("audio");
    service = await startService(org, { ...org.env, ...audio.environment });
  });
  after(() => {
    service?.child.kill("SIGKILL");
    org?.close();
  });

  const status = async (token: string | null, path: string, body?: object) =>
    (await call(service, token, path, body)).status;

  it("takes less than 150 MB to wait for work, and opens nothing to those without a good token", async () => {
    const expired = await make(["ml-platform"], 1_700_000_000);
    const others = (await (await tokenMaker(temporaryFolder()))(["ml-platform"])) as string;
    for (const token of [null, "x", expired, others, `${deployer.split(".").slice(0, 2).join(".")}.`])
      for (const path of ["/stacks", "/jobs", "/stacks/central/outputs"])
        assert.equal(await status(token, path), 401, `${path} with ${token?.slice(0, 12)}`);
    assert.equal(await status(await make(["marketing"]), "/stacks"), 403);
    const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.child.pid}/status`, "utf8"))?.[1]) / 1024;
    assert.ok(memory < 150, `${memory} MB`);
  });

  it("gives each role what it may, and no more", async () => {
    const asked = {
      "GET /stacks": ["/stacks"],
      "GET /jobs": ["/jobs"],
      preview: ["/jobs", { kind: "preview", only: ["nobody"] }],
      deploy: ["/jobs", { kind: "deploy", only: ["nobody"] }],
      destroy: ["/jobs", { kind: "destroy", only: ["nobody"], confirm: "destroy" }],
      onboard: ["/consumers", { name: "x" }],
      cancel: ["/jobs/nothing/cancel", {}],
    } as const;
    const seen: Record<string, readonly number[]> = {};
    for (const [name, [path, body]] of Object.entries(asked))
      seen[name] = await Promise.all([viewer, planner, deployer].map((token) => status(token, path, body)));
    // 400: allowed, but there is no such member; 404: no such job.
    assert.deepEqual(seen, {
      "GET /stacks": [200, 200, 200],
      "GET /jobs": [200, 200, 200],
      preview: [403, 400, 400],
      deploy: [403, 403, 400],
      destroy: [403, 403, 400],
      onboard: [403, 403, 400],
      cancel: [403, 403, 404],
    });
  });

  it("says all that is wrong with a call, and destroys nothing unconfirmed", async () => {
    const { body } = await call(service, deployer, "/jobs", { kind: "explode", parallel: 0 });
    assert.match(String(body.error), /kind: .*\nparallel: /s);
    assert.match(
      String((await call(service, deployer, "/jobs", { kind: "destroy" })).body.error),
      /"confirm": "destroy"/,
    );
    const consumer = {
      name: "team-1",
      account: "200000000001",
      central: { personas: ["reader"], workspaces: ["shared"] },
    };
    assert.match(
      String((await call(service, deployer, "/consumers", consumer)).body.error),
      /another consumer `team-1`/,
    );
    // Where Pulumi reaches an account is the file's alone.
    const elsewhere = { ...consumer, name: "evil", environment: { AWS_PROFILE: "other" } };
    assert.match(String((await call(service, deployer, "/consumers", elsewhere)).body.error), /environment/);
  });

  it("takes a deployment as a job, the same call once more as the same one, and tells what happens as it happens", async () => {
    const key = { "idempotency-key": "a key of the test" };
    const first = await call(service, deployer, "/jobs", { kind: "deploy" }, key);
    const again = await call(service, deployer, "/jobs", { kind: "deploy" }, key);
    assert.deepEqual([first.status, again.status, again.body], [202, 202, first.body]);
    const id = String(first.body.job);
    assert.equal(first.headers.get("location"), `/jobs/${id}`);
    const response = await fetch(`${service.url}/jobs/${id}/events`, {
      headers: { authorization: `Bearer ${viewer}` },
    });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const text = await response.text();
    const said = [...text.matchAll(/^data: (.*)$/gm)].flatMap(
      ([, data]) => (JSON.parse(data ?? "") as { text?: string }).text ?? [],
    );
    assert.deepEqual(
      said.filter((line) => /: deploy |^job /.test(line)).map((line) => line.replace(/\(.*\)/, "()")),
      [
        "central: deploy begins",
        "central: deploy done ()",
        "team-1: deploy begins",
        "team-1: deploy done ()",
        "job done",
      ],
    );
    assert.ok(said.includes("team-1: created aws:iam:Role studio"));
    // Whoever lost the connection goes on where he was.
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, each]) => each ?? "");
    const rest = await fetch(`${service.url}/jobs/${id}/events`, {
      headers: { authorization: `Bearer ${viewer}`, "last-event-id": ids.at(-3) ?? "" },
    });
    assert.deepEqual(
      [...(await rest.text()).matchAll(/^id: (\d+)$/gm)].map(([, each]) => each),
      ids.slice(-2),
    );
  });

  it("onboards an account by one call", async () => {
    const before = readFileSync(org.file, "utf8");
    const { account, central, settings } = audio;
    const { status: code, body } = await call(service, deployer, "/consumers", {
      name: "audio",
      account,
      central,
      settings,
    });
    assert.equal(code, 202, JSON.stringify(body));
    const job = await ended(service, viewer, String(body.job));
    assert.deepEqual(
      job.steps.map(({ member, action, state, error }) => `${member} ${action} ${state} ${error ?? ""}`.trim()),
      ["central preview done", "central deploy done", "audio preview done", "audio deploy done"],
    );
    assert.ok(readFileSync(org.file, "utf8").length > before.length);
  });

  it("shows outputs and history without a secret", async () => {
    const outputs = await call(service, viewer, "/stacks/central/outputs");
    assert.match(String(outputs.body.trackingUri), /^https:\/\//);
    const history = await call(service, viewer, "/stacks/central/history");
    assert.equal(history.status, 200);
    const all =
      JSON.stringify([outputs.body, history.body, (await call(service, viewer, "/jobs")).body]) + service.said();
    for (const secret of [...org.clouds.values()].flatMap((cloud) => [...cloud.secrets]))
      assert.ok(!all.includes(secret));
    assert.ok(!all.includes("passphrase"));
  });

  it("describes itself, and has a page that keeps the token in memory and runs no foreign script", async () => {
    const { body } = await call(service, null, "/openapi.json");
    assert.deepEqual(Object.keys(body.paths as object).sort(), [
      "/consumers",
      "/jobs",
      "/jobs/{id}",
      "/jobs/{id}/cancel",
      "/jobs/{id}/events",
      "/stacks",
      "/stacks/{name}/history",
      "/stacks/{name}/outputs",
      "/stacks/{name}/release",
    ]);
    const page = await fetch(`${service.url}/`);
    assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'none'; script-src 'sha256-/);
    assert.doesNotMatch(await page.text(), /(?:local|session)Storage|https?:\/\//);
  });

  it("slows down who calls too often", async () => {
    const answers = await Promise.all(Array.from({ length: 260 }, () => status(viewer, "/jobs/none")));
    assert.ok(answers.includes(429));
    assert.equal(await status(null, "/healthz"), 200);
  });

  it("stops when told to, without a job it would lose", async () => {
    const end = once(service.child, "exit");
    service.child.kill("SIGTERM");
    assert.deepEqual(await end, [0, null]);
  });
});
