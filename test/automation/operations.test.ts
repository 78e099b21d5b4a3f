import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { command, job } from "./commands.ts";
import { type SimulatedOrganization, SMALL, secretsIn, simulatedOrganization } from "./simulatedOrganization.ts";

// The tests build on each other, as deployments do.
describe("an organization under Pulumi's engine, with simulated accounts", function () {
  this.timeout(180_000);
  let org: SimulatedOrganization;

  before(async function () {
    org = await simulatedOrganization(engineOrSkip(this), temporaryFolder(), 2, { program: SMALL });
  });
  after(() => org?.close());

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

  it("is deployed, the central account first", async () => {
    const { code, ended, steps } = await job(org, "deploy");
    assert.deepEqual(ended, ["central deploy done", "team-1 deploy done", "team-2 deploy done"], steps[0]?.error ?? "");
    assert.equal(code, 0);
    for (const name of ["central", ...org.consumers]) assert.equal(org.cloud(name).created.size, 6, name);
  });

  it("says which account drifted", async () => {
    const created = [...org.cloud("team-1").created.keys()];
    const urn = created.find((each) => each.includes("iam/role:Role")) ?? assert.fail();
    org.cloud("team-1").changedOutside.set(urn, { description: "made by hand" });
    const { code, steps } = await job(org, "drift");
    assert.equal(code, 4);
    assert.deepEqual(
      steps.map(({ changes }) => changes),
      [{}, { update: 1 }, {}],
    );
    org.cloud("team-1").changedOutside.clear();
  });

  it("goes on with the others when one consumer fails, and says why that one did", async () => {
    org.write(({ consumers }) => {
      for (const { settings } of Object.values(consumers))
        settings.people.bo = { person: "bo@acme.example", persona: "reader", workspace: "shared" };
    });
    org.cloud("team-1").account = "999999999999";
    const { code, stdout } = await command(org, "deploy");
    org.cloud("team-1").account = "200000000001";
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^2 done, 1 failed\n {2}team-1: deploy failed: .*\n.*AWS account ID not allowed: 999999999999$/m,
    );
    assert.match(stdout, /^team-2: deploy done \(\d+ create\)$/m);
    assert.deepEqual((await job(org, "deploy", "--only", "team-1")).ended, ["team-1 deploy done"]);
  });

  it("leaves consumers alone when central fails", async () => {
    org.cloud("central").account = "999999999999";
    org.write(({ central }) => {
      central.settings.tags = { team: "ml" };
    });
    const { ended, steps } = await job(org, "deploy");
    org.cloud("central").account = "111111111111";
    assert.deepEqual(ended, ["central deploy failed", "team-1 deploy skipped", "team-2 deploy skipped"]);
    assert.equal(steps[1]?.error, "waits for deploy of central, which is failed");
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
    const { secrets, files, found } = secretsIn(org, org.data);
    assert.equal(secrets, 4);
    assert.ok(files > 10);
    assert.deepEqual(found, []);
  });

  it("is destroyed the other way round: central stays while a consumer stands", async () => {
    assert.equal((await command(org, "destroy")).code, 2);
    const { ended, steps } = await job(org, "destroy", "--yes");
    assert.deepEqual(ended.at(-1), "central destroy skipped");
    assert.match(steps[0]?.error ?? "", /kept.*cannot be deleted/s);
  });
});
