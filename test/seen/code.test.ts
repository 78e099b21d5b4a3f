import assert from "node:assert/strict";
import type { LocalRun } from "../../local/localRun.ts";
import { type Step, told } from "../helpers/caller.ts";
import { call, localRun } from "./run.ts";

const refused = (steps: readonly Step[], ...names: string[]) => {
  const answers = told(steps);
  assert.deepEqual(
    Object.fromEntries(names.map((name) => [name, answers[name]])),
    Object.fromEntries(names.map((name) => [name, 403])),
  );
};
const allowed = (steps: readonly Step[], ...names: string[]) => {
  const failures = steps.filter(({ step, status }) => names.includes(step) && status !== "ok");
  assert.deepEqual(failures, []);
  assert.deepEqual(
    names.filter((name) => !steps.some(({ step }) => step === name)),
    [],
    "steps that didn't run",
  );
};

describe("seen working: the code door, from Studio's execution role over AssumeRole to a real MLflow", function () {
  this.timeout(120_000);
  let run: LocalRun;
  before(async () => {
    run = await localRun();
  });
  const as = (profile: string) => run.credentials({ as: `vision/${profile}` }).environment;

  it("the scientist logs a run with metrics, artifacts, a trace and a model, and can't approve or delete", async () => {
    const steps = await call("scientist.py", as("ada"));
    allowed(
      steps,
      "log a run",
      "log an artifact",
      "log an artifact named with a space and an umlaut",
      "log an empty artifact",
      "log a file of 3 MB",
      "log and register a model",
      "log a trace",
      "search with spaces and repeated keys",
    );
    assert.equal(steps.find(({ step }) => step === "search with spaces and repeated keys")?.message, "1 1 1");
    refused(
      steps,
      "set an alias",
      "transition a stage",
      "set a tag of a version",
      "delete the model",
      "rename the model",
    );
  });

  it("the reader reads it and is refused every write", async () => {
    const steps = await call("reader.py", as("bo"));
    allowed(
      steps,
      "read the run",
      "read its artifact",
      "list its artifacts",
      "read the metric's history",
      "load the model",
      "search traces",
      "see no trace of his own",
    );
    assert.equal(steps.find(({ step }) => step === "read its artifact")?.message, "seen");
    refused(
      steps,
      "create an experiment",
      "create a run",
      "log a metric",
      "log a batch",
      "set a tag",
      "write an artifact",
      "delete the run",
      "register a model",
      "register a version",
      "set an alias",
      "delete the model",
      "delete the experiment",
    );
  });

  it("the approver sets an alias and can't register", async () => {
    const steps = await call("approver.py", as("cleo"));
    allowed(
      steps,
      "read the version",
      "set an alias",
      "find the version by its alias",
      "set a tag of the version",
      "delete the tag",
      "delete the alias",
      "set the alias again",
    );
    refused(steps, "register a model", "register a version", "create a run", "delete the version", "rename the model");
  });

  it("MLflow's own SigV4 signing works for what it can do, with credentials of stock boto3", async () => {
    const ada = run.profiles.find(({ key }) => key === "vision/ada") ?? assert.fail();
    const environment = Object.fromEntries(
      Object.entries(as("ada")).filter(([name]) => !name.startsWith("GATEHOUSE_") && name !== "MLFLOW_TRACKING_AUTH"),
    );
    const steps = await call("builtin_sigv4.py", environment, ada.personaRoleArns.scientist ?? "", ada.person);
    allowed(steps, "assume the persona role", "name oneself", "log a run", "search runs", "read the run");
    refused(steps, "find an experiment with a space in its name");
    assert.match(
      steps.find(({ step }) => step === "name oneself")?.message ?? "",
      /:assumed-role\/gatehouse-vision-scientist\/ada@acme\.example$/,
    );
  });

  it("the admin deletes, and doesn't reach beyond his workspace", async () => {
    const steps = await call("admin.py", as("dan"));
    allowed(
      steps,
      "delete the alias",
      "delete the version",
      "delete the model",
      "delete the run",
      "delete the experiment",
    );
    refused(steps, "create a workspace", "create a user", "make himself administrator");
  });
});

describe("seen working: AssumeRole judged by the declared trust policies", function () {
  this.timeout(60_000);
  let run: LocalRun;
  before(async () => {
    run = await localRun();
  });
  const roleOf = (persona: string) => run.profiles[0]?.personaRoleArns[persona] ?? assert.fail(persona);
  const attempt = async (profile: string, role: string, name: string) =>
    (await call("assume.py", run.credentials({ as: `vision/${profile}` }).environment, role, name))[0] ?? assert.fail();

  it("lets a profile into its own persona's role, under its own person's name", async () => {
    assert.equal((await attempt("bo", roleOf("reader"), "bo@acme.example")).status, "ok");
  });
  for (const [what, profile, role, name] of [
    ["another persona's role", "bo", () => roleOf("scientist"), "bo@acme.example"],
    ["a colleague's name", "bo", () => roleOf("reader"), "ada@acme.example"],
    [
      "a role that isn't there",
      "bo",
      () => "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-root",
      "bo@acme.example",
    ],
    [
      "a role of a foreign account",
      "bo",
      () => "arn:aws:iam::999999999999:role/gatehouse/gatehouse-vision-reader",
      "bo@acme.example",
    ],
    [
      "a colleague's execution role",
      "bo",
      () => run.profiles.find(({ key }) => key === "vision/ada")?.executionRoleArn ?? "",
      "bo@acme.example",
    ],
  ] as const)
    it(`refuses ${what} with AccessDenied`, async () => {
      const { status, message } = await attempt(profile, role(), name);
      assert.equal(status, 403);
      assert.match(message, /^AccessDenied: User: .* is not authorized to perform: sts:AssumeRole on resource: /);
    });
});
