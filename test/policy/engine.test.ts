import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askPreview } from "../../plan/review/preview.ts";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { type EngineProject, engineProject, SAVED_ONCE } from "../engine/project.ts";
import { simulatedCloud } from "../engine/simulated/cloud.ts";
import { type EngineStack, initStack } from "../engine/stack.ts";

/** What somebody might add to the program: a store and a door that nobody guards. */
const PLANTED = `
import * as aws from "@pulumi/aws";
new aws.cloudwatch.LogGroup("planted-log", {});
const api = new aws.apigateway.RestApi("planted-api", { securityPolicy: "TLS_1_0" });
new aws.apigateway.Method("planted-method", { restApi: api.id, resourceId: api.rootResourceId, httpMethod: "ANY", authorization: "NONE" });
new aws.s3.Bucket("planted-bucket", { forceDestroy: true });
`;

describe("the policy pack in Pulumi's engine", function () {
  this.timeout(180_000);
  const cloud = simulatedCloud(randomUUID());
  let project: EngineProject;
  let central: EngineStack;

  before(async function () {
    project = await engineProject(engineOrSkip(this), cloud, SAVED_ONCE);
    central = await initStack(project, cloud, "central", "111111111111");
  });
  after(() => project?.close());

  const pack = () => ["--policy-pack", join(project.dir, "policy")];

  it("lets both stacks pass, in a first preview and deployed", async () => {
    await central.pulumi("preview", ...pack());
    await central.up(...pack());
    const consumer = await initStack(project, cloud, "datascience", "222222222222");
    await consumer.pulumi("preview", ...pack());
  });

  it("stops a deployment of a broken program before anything of it is made, and says what to do", async () => {
    const index = join(project.dir, "index.ts");
    const before = readFileSync(index, "utf8");
    // A link to this repository's own: it is replaced, never written through.
    rmSync(index);
    writeFileSync(index, before + PLANTED);
    cloud.account = "111111111111";
    const { code, said } = await project.run("up", "--yes", "--stack", "central", ...pack());
    assert.notEqual(code, 0, said);
    for (const [rule, resource] of [
      ["logs-end", "planted-log"],
      ["method-has-authorizer", "planted-method"],
      ["modern-tls", "planted-api"],
      ["data-is-kept", "planted-bucket"],
      ["buckets-are-closed", "planted-bucket"],
    ])
      assert.match(said, new RegExp(`\\[mandatory\\]\\s+${rule}\\s+\\(.*${resource}\\)`));
    assert.match(said, /method ANY lets anyone in: it has no authorizer/);
    const made = (await central.resources()).filter(({ urn }) => urn.includes("planted"));
    assert.deepEqual(made, []);
  });

  it("stops the preview of a pull request with the same words", async () => {
    const { preview } = await askPreview(project.dir, "central", project.env);
    assert.match(preview.error ?? "", /method ANY lets anyone in: it has no authorizer/);
    assert.match(preview.error ?? "", /planted-bucket/);
  });
});
