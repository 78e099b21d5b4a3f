import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigurationError } from "../../plan/configuration.ts";
import { printable } from "../../plan/plan.ts";
import { ProgramError, runProgram } from "../../plan/runProgram.ts";
import { declaredPlan } from "../helpers/declared.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("running the program without a cloud", function () {
  this.timeout(60_000);

  /** A folder with a program of its own. */
  function program(source: string, configuration = "config: {aws:region: eu-west-1}"): string {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "Pulumi.yaml"), "name: trial\nruntime: nodejs\nmain: index.mjs\n");
    writeFileSync(join(dir, "Pulumi.dev.yaml"), configuration);
    writeFileSync(join(dir, "package.json"), '{"type":"module"}');
    writeFileSync(join(dir, "index.mjs"), source);
    mkdirSync(join(dir, "node_modules"));
    for (const scope of ["@pulumi"]) symlinkSync(join(ROOT, "node_modules", scope), join(dir, "node_modules", scope));
    return dir;
  }
  const fails = async (source: string, expected: RegExp) =>
    assert.rejects(runProgram({ dir: program(source), stack: "dev" }), (error: Error) => {
      assert.ok(error instanceof ProgramError);
      assert.match(error.message, expected);
      return true;
    });

  it("gives the same plan twice", async () => {
    assert.deepEqual(await runProgram({ dir: ROOT, stack: "central" }), await declaredPlan("central"));
  });

  it("gives other secrets for another seed, and the same everything else", async () => {
    const [one, other] = await Promise.all([
      runProgram({ dir: ROOT, stack: "central", seed: "one" }),
      runProgram({ dir: ROOT, stack: "central", seed: "two" }),
    ]);
    assert.equal(one.secrets.length, other.secrets.length);
    assert.ok(one.secrets.length >= 5);
    assert.notDeepEqual(one.secrets, other.secrets);
    assert.deepEqual(
      one.resources.map(({ urn, id }) => [urn, id]),
      other.resources.map(({ urn, id }) => [urn, id]),
    );
  });

  it("prints no secret", async () => {
    const plan = await declaredPlan("central");
    const text = printable(plan);
    for (const secret of plan.secrets) assert.ok(!text.includes(secret));
    assert.match(text, /\[secret\]/);
  });

  it("knows who holds whom", async () => {
    const { resources } = await declaredPlan("central");
    const gateway = resources.filter(({ type }) => type === "aws:apigateway/restApi:RestApi");
    for (const { parent } of gateway) assert.match(parent ?? "", /gatehouse:index:SecureGateway/);
    assert.ok(resources.every(({ urn }) => urn.startsWith("urn:pulumi:central::mlflow-gatehouse::")));
  });

  it("plans the central stack for a consumer that refers to it", async () => {
    const [central, consumer] = [await declaredPlan("central"), await declaredPlan("datascience")];
    assert.equal(consumer.outputs.trackingUri, central.outputs.trackingUri);
  });

  it("says which stacks there are when one is missing", async () => {
    await assert.rejects(
      runProgram({ dir: ROOT, stack: "nowhere" }),
      (error: Error) => error instanceof ConfigurationError && /central, datascience/.test(error.message),
    );
  });

  it("fails when the program throws", () =>
    fails("export default async () => { throw new Error('as it does') }", /as it does/));
  it("fails when an output never gets a value", () =>
    fails(
      'import * as pulumi from "@pulumi/pulumi"; export default async () => ({ x: pulumi.output(new Promise(() => {})) })',
      /never got a value/,
    ));
  it("fails when the program asks the cloud what nobody here can answer", () =>
    fails(
      'import * as pulumi from "@pulumi/pulumi"; export default async () => ({ x: await pulumi.runtime.invoke("aws:ec2/getAmi:getAmi", {}) })',
      /aws:ec2\/getAmi:getAmi/,
    ));
  it("fails when the program refers to a stack that isn't there", () =>
    fails(
      'import * as pulumi from "@pulumi/pulumi"; export default async () => ({ x: new pulumi.StackReference("acme/other/prod").requireOutput("x") })',
      /acme\/other\/prod/,
    ));
  it("fails when an apply of a resource's input throws", () =>
    fails(
      'import * as pulumi from "@pulumi/pulumi"; import * as random from "@pulumi/random"; export default async () => { new random.RandomPassword("x", { length: pulumi.output(1).apply(() => { throw new Error("in the input") }) }); return {}; }',
      /in the input/,
    ));
  it("fails when an apply throws", () =>
    fails(
      'import * as pulumi from "@pulumi/pulumi"; export default async () => ({ x: pulumi.output(1).apply(() => { throw new Error("in the apply") }) })',
      /in the apply/,
    ));
});
