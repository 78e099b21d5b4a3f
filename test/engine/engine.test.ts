import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { engineOrSkip } from "./engineOrSkip.ts";
import { type EngineProject, engineProject, ROOT } from "./project.ts";
import { simulatedCloud } from "./simulated/cloud.ts";
import { type EngineStack, initStack, keyOf } from "./stack.ts";

// The tests build on each other, as deployments do: one state, from the first preview to the destroy.
describe("the program under Pulumi's engine, with a simulated cloud", function () {
  this.timeout(120_000);
  // The plan and the cloud derive the same random values from it.
  const seed = randomUUID();
  const cloud = simulatedCloud(seed);
  let project: EngineProject;
  let central: EngineStack;
  let team: EngineStack;
  let centralPlan: Plan;
  let teamPlan: Plan;

  before(async function () {
    project = await engineProject(engineOrSkip(this), cloud);
    central = await initStack(project, cloud, "central", "111111111111");
    team = await initStack(project, cloud, "datascience", "222222222222");
    centralPlan = await runProgram({ dir: ROOT, stack: "central", seed });
    teamPlan = await runProgram({ dir: ROOT, stack: "datascience", seed });
  });
  after(() => project?.close());

  /** Each resource reached the cloud with the id and the inputs that it has in the plan. */
  const assertDeployed = (plan: Plan) => {
    const made = [...cloud.created.values()].map(({ urn, id, inputs }) => [keyOf(urn), { id, inputs }] as const);
    const found = Object.fromEntries(made);
    // Components and providers are the engine's own.
    const reaching = plan.resources.filter(({ type }) => /^(?:aws|awsx|random):/.test(type));
    for (const { type, name, id, inputs } of reaching)
      assert.deepEqual(found[`${type} ${name}`], { id, inputs }, `${type} ${name}`);
  };

  it("refuses wrong settings with one error that names them all", async () => {
    await central.changed({ account: "11111111111", gatway: {}, "server.memory": 100 }, async () =>
      assert.deepEqual(await central.refused("preview"), [
        "  pulumi:pulumi:Stack (mlflow-gatehouse-central):",
        "    error: settings of stack central are wrong:",
        "      mlflow-gatehouse:gatway: is no setting; did you mean `gateway`?",
        "      mlflow-gatehouse:account: `11111111111` is not allowed; allowed: 12 digits in quotes",
        "      mlflow-gatehouse:server.memory: `100` is not allowed; allowed: 1024 to 122880",
      ]),
    );
  });

  it("does nothing with credentials of another account", async () => {
    const said = await central.inAccount("999999999999", () => central.refused("preview"));
    assert.match(said.join("\n"), /^ {2}aws:\S+ \([\w-]+\):\n {4}error: AWS account ID not allowed: 999999999999$/);
  });

  it("tells a team that the central stack has to be there first", async () => {
    assert.deepEqual(await team.refused("preview"), [
      "  pulumi:pulumi:Stack (mlflow-gatehouse-datascience):",
      "    error: central.stack: the stack `organization/mlflow-gatehouse/central` has no output `trackingUri`; deploy it first, with this version of the program",
    ]);
  });

  it("previews what the plan says", async () => {
    const planned = centralPlan.resources.map(({ type, name }) => `${type} ${name}`);
    const all = ["pulumi:pulumi:Stack mlflow-gatehouse-central", ...planned];
    assert.deepEqual(await central.preview(), Object.fromEntries(all.map((key) => [key, "create"])));
    assert.equal(cloud.created.size, 0);
  });

  it("deploys the central stack as planned", async () => {
    await central.up();
    assertDeployed(centralPlan);
    assert.deepEqual(await central.outputs(), centralPlan.outputs);
  });

  it("deploys a team's stack as planned, with what it reads of the central one", async () => {
    await team.up();
    assertDeployed(teamPlan);
    assert.deepEqual(await team.outputs(), teamPlan.outputs);
  });

  it("refuses a consumer, and a workspace, that the central stack does not give, before it touches anything", async () => {
    const said = async (settings: Readonly<Record<string, unknown>>) =>
      (await team.changed(settings, () => team.refused("preview"))).slice(1);
    assert.deepEqual(await said({ consumer: "audio" }), [
      "    error: consumer: the central stack `organization/mlflow-gatehouse/central` lists no consumer `audio`; it lists vision. Add it to consumers there and deploy it first",
    ]);
    assert.deepEqual(await said({ "people.bo.workspace": "audio" }), [
      "    error: people: the central stack gives `vision` no workspace `audio`; it gives vision, shared. Add it to consumers.vision.workspaces there and deploy it first",
    ]);
  });

  it("starts MLflow when its ways to AWS and to the database are there", async () => {
    const service = (await central.resources()).find(({ type }) => type === "aws:ecs/service:Service");
    const before = new Set((service?.dependencies ?? []).map(keyOf));
    const ways = centralPlan.resources
      .filter(({ type }) => /:(?:VpcEndpoint|SecurityGroup\w+Rule|ClusterInstance|SecretVersion)$/.test(type))
      .filter(({ name }) => name !== "gatehouse-mlflow-database-2")
      .map(({ type, name }) => `${type} ${name}`);
    assert.ok(ways.length > 10);
    assert.deepEqual(
      ways.filter((key) => !before.has(key)),
      [],
    );
  });

  it("uses AWS with the provider that takes one account alone", async () => {
    for (const stack of [central, team]) {
      const inAws = (await stack.resources()).filter(({ type }) => type.startsWith("aws:"));
      assert.ok(inAws.length > 0);
      assert.deepEqual(
        inAws.filter(({ provider }) => !provider?.includes("::pulumi:providers:aws::account::")),
        [],
      );
    }
  });

  it("changes nothing when nothing changed", async () => {
    const created = cloud.created.size;
    await central.up("--expect-no-changes");
    await team.up("--expect-no-changes");
    assert.deepEqual([cloud.created.size - created, cloud.updated, cloud.deleted], [0, [], []]);
  });

  it("keeps no secret in clear, in its state or in what it says", async () => {
    const secrets = [...cloud.secrets].flatMap((secret) => [
      secret,
      Buffer.from(secret, "base64").toString("base64url"),
    ]);
    const found = (text: string) => secrets.filter((secret) => text.includes(secret));
    const kept = readdirSync(project.backend, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
    assert.ok(kept.length > 0);
    assert.deepEqual([...kept, ...project.said].flatMap(found), []);
    // They are there, for whoever has the passphrase.
    assert.ok(found(await central.pulumi("stack", "export", "--show-secrets")).length >= cloud.secrets.size / 2);
  });

  it("replaces a person's role with his persona, and touches nobody else's", async () => {
    assert.deepEqual(await team.changed({ "people.dan.persona": "scientist" }, team.preview), {
      "aws:iam/role:Role gatehouse-studio-dan": "replace",
      "aws:iam/rolePolicy:RolePolicy gatehouse-studio-dan": "replace",
      "aws:iam/rolePolicy:RolePolicy gatehouse-studio-dan-work": "replace",
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment gatehouse-access-dan": "replace",
      "aws:sagemaker/userProfile:UserProfile gatehouse-studio-dan": "update",
      "aws:ssm/parameter:Parameter gatehouse-studio-dan": "update",
      // Nobody else has the persona that he had.
      "aws:iam/policy:Policy gatehouse-access-admin": "delete",
    });
  });

  it("lets another account in by roles of its own, and MLflow's list of them", async () => {
    const audio = { account: "333333333333", personas: ["reader"], workspaces: ["shared"] };
    assert.deepEqual(await central.changed({ "consumers.audio": audio }, central.preview), {
      "aws:iam/role:Role gatehouse-access-audio-reader": "create",
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment gatehouse-access-audio-reader-1": "create",
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment gatehouse-access-audio-reader-2": "create",
      "aws:ecs/taskDefinition:TaskDefinition gatehouse-mlflow-service": "replace",
      "aws:ecs/service:Service gatehouse-mlflow-service": "update",
    });
  });

  it("refuses to delete data, and then deletes nothing else", async () => {
    for (const [stack, data] of [
      [central, ["gatehouse-mlflow-database-1", "gatehouse-mlflow-artifacts", "gatehouse-login-client"]],
      [team, ["gatehouse-studio"]],
    ] as const) {
      const said = (await stack.refused("destroy", "--yes")).join("\n");
      // The engine names the first of each tree that it would have to delete.
      for (const name of data)
        assert.match(said, new RegExp(`\\(${name}\\):\\n.* cannot be deleted\\n.* is protected`));
    }
    assert.deepEqual(cloud.deleted, []);
    // What a destroy that leaves protected resources out would otherwise take: rows of the database can't be read without them.
    const keys = (await central.resources()).filter(({ urn, protect }) => protect && keyOf(urn).startsWith("random:"));
    assert.deepEqual(keys.map(({ urn }) => keyOf(urn)).sort(), [
      "random:index/randomBytes:RandomBytes gatehouse-mlflow-secret-webhook",
      "random:index/randomPassword:RandomPassword gatehouse-mlflow-secret-kek",
    ]);
  });

  it("changes the keys of stored secrets step by step, though they are protected", async () => {
    await central.changed({ "database.keyGeneration": 2 }, () => central.up());
    const third = await central.changed({ "database.keyGeneration": 3 }, central.preview);
    assert.deepEqual(
      Object.entries(third)
        .filter(([key]) => key.startsWith("random:"))
        .sort(),
      [
        ["random:index/randomBytes:RandomBytes gatehouse-mlflow-secret-webhook", "replace"],
        ["random:index/randomPassword:RandomPassword gatehouse-mlflow-secret-kek", "replace"],
      ],
    );
  });

  it("deletes all but artifacts and their key, once protection is off in the settings and in the state", async () => {
    const off = {
      "database.deletionProtection": false,
      "login.deletionProtection": false,
      "database.keyGeneration": 2,
    };
    const before = cloud.updated.length;
    await central.changed(off, () => central.up());
    assert.deepEqual(cloud.updated.slice(before).map(keyOf).sort(), [
      "aws:cognito/userPool:UserPool gatehouse-login-pool",
      "aws:lb/loadBalancer:LoadBalancer gatehouse-mlflow-alb",
      "aws:rds/cluster:Cluster gatehouse-mlflow-database",
    ]);
    await central.pulumi("state", "unprotect", "--all", "--yes");
    await central.pulumi("destroy", "--yes", "--skip-preview");
    const deleted = new Set(cloud.deleted);
    const left = [...cloud.created.keys()].filter((urn) => urn.startsWith("urn:pulumi:central:") && !deleted.has(urn));
    assert.deepEqual(
      left
        .map(keyOf)
        .filter((key) => /^aws:(?:kms|s3\/bucket:)/.test(key))
        .sort(),
      ["aws:kms/key:Key gatehouse-mlflow-key", "aws:s3/bucket:Bucket gatehouse-mlflow-artifacts"],
    );
    // What is left beside them are the bucket's own settings, and an image, which goes with its repository.
    assert.deepEqual(
      left.map(keyOf).filter((key) => !/ gatehouse-mlflow-(?:artifacts|key|image)$/.test(key)),
      [],
    );
  });
});
