import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { command, job } from "./commands.ts";
import { type SimulatedOrganization, simulatedOrganization } from "./simulatedOrganization.ts";

// The tests build on each other, as deployments do.
describe("an organization under Pulumi's engine, with simulated accounts", function () {
  this.timeout(180_000);
  let org: SimulatedOrganization;

  before(async function () {
    org = await simulatedOrganization(engineOrSkip(this), temporaryFolder(), 2);
  });
  after(() => org?.close());

  const cloud = (name: string) => org.clouds.get(name) ?? assert.fail(name);

  it("is refused without pulumi, and with a wrong file, before anything is done", async () => {
    const none = await command({ ...org, env: { ...org.env, PATH: "/usr/bin:/bin" } }, "preview", "--json");
    assert.match(none.stdout, /no usable `pulumi` on PATH \(.*\): install the Pulumi CLI/);
    assert.equal(none.code, 1);
    const wrong = join(org.folder, "wrong.yaml");
    writeFileSync(wrong, "version: 1\n");
    const { code, stderr } = await command({ ...org, file: wrong }, "deploy");
    assert.equal(code, 2);
    assert.match(stderr, /wrong\.yaml is wrong:\n {2}region: .*\n {2}central: /);
  });

  it("previews what can be seen before central is there, and says what can't", async () => {
    const { code, steps } = await job(org, "preview");
    assert.equal(code, 1);
    assert.deepEqual(
      steps.map(({ member, state }) => `${member} ${state}`),
      ["central done", "team-1 failed", "team-2 failed"],
    );
    assert.match(steps[1]?.error ?? "", /central\.stack: .* deploy it first/);
    assert.equal(cloud("central").created.size, 0);
  });

  it("is deployed, the central account first", async () => {
    const { code, ended, steps } = await job(org, "deploy");
    assert.deepEqual(ended, ["central deploy done", "team-1 deploy done", "team-2 deploy done"], steps[0]?.error ?? "");
    assert.equal(code, 0);
    for (const name of ["central", ...org.consumers]) assert.ok(cloud(name).created.size > 20, name);
  });

  it("changes nothing where nothing changed", async () => {
    const { steps } = await job(org, "deploy");
    assert.deepEqual(
      steps.map(({ changes }) => changes),
      [{}, {}, {}],
    );
  });

  it("says which account drifted", async () => {
    const urn = [...cloud("team-1").created.keys()].find((each) => each.includes("iam/role:Role")) ?? assert.fail();
    cloud("team-1").changedOutside.set(urn, { description: "made by hand" });
    const { code, steps } = await job(org, "drift");
    assert.equal(code, 4);
    assert.deepEqual(
      steps.map(({ changes }) => changes),
      [{}, { update: 1 }, {}],
    );
    cloud("team-1").changedOutside.clear();
  });

  it("goes on with the others when one consumer fails, and says why that one did", async () => {
    org.write(({ consumers }) => {
      for (const { settings } of Object.values(consumers))
        settings.people.bo = { person: "bo@acme.example", persona: "reader", workspace: "shared" };
    });
    cloud("team-1").account = "999999999999";
    const { code, stdout } = await command(org, "deploy");
    cloud("team-1").account = "200000000001";
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^2 done, 1 failed\n {2}team-1: deploy failed: .*\n.*AWS account ID not allowed: 999999999999$/m,
    );
    assert.match(stdout, /^team-2: deploy done \(\d+ create\)$/m);
    assert.deepEqual((await job(org, "deploy", "--only", "team-1")).ended, ["team-1 deploy done"]);
  });

  it("leaves consumers alone when central fails", async () => {
    cloud("central").account = "999999999999";
    org.write(({ central }) => {
      central.settings.tags = { team: "ml" };
    });
    const { ended, steps } = await job(org, "deploy");
    cloud("central").account = "111111111111";
    assert.deepEqual(ended, ["central deploy failed", "team-1 deploy skipped", "team-2 deploy skipped"]);
    assert.equal(steps[1]?.error, "waits for deploy of central, which is failed");
    assert.equal((await job(org, "deploy")).code, 0);
  });

  it("gets a new account by one command", async () => {
    const entry = await org.entry("audio");
    const file = join(org.folder, "audio.yaml");
    writeFileSync(file, stringify({ name: "audio", ...entry }));
    const { code, ended } = await job(org, "onboard", file);
    assert.deepEqual(ended, ["central preview done", "central deploy done", "audio preview done", "audio deploy done"]);
    assert.equal(code, 0);
    const status = JSON.parse((await command(org, "status", "--json")).stdout) as {
      name: string;
      last: { state: string };
    }[];
    assert.deepEqual(
      status.map(({ name, last }) => `${name} ${last.state}`),
      ["central done", "team-1 done", "team-2 done", "audio done"],
    );
  });

  it("keeps no secret in its folder", () => {
    const secrets = [...org.clouds.values()].flatMap((each) => [...each.secrets]);
    assert.ok(secrets.length > 3);
    const kept = readdirSync(org.data, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
    assert.ok(kept.length > 10);
    for (const secret of secrets) assert.ok(!kept.some((text) => text.includes(secret)));
  });

  it("is destroyed the other way round: central stays while a consumer stands", async () => {
    assert.equal((await command(org, "destroy")).code, 2);
    const { ended, steps } = await job(org, "destroy", "--yes");
    assert.deepEqual(ended.at(-1), "central destroy skipped");
    // Studio's home directories are protected.
    assert.match(steps[0]?.error ?? "", /cannot be deleted/);
  });
});
