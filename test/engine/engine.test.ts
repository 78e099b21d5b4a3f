import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { engineOrSkip } from "./engineOrSkip.ts";
import { type EngineProject, engineProject, ROOT } from "./project.ts";
import { type SimulatedCloud, simulatedCloud } from "./simulated/cloud.ts";
import { type EngineStack, initStack, keyOf } from "./stack.ts";

const CENTRAL = "111111111111";
const CONSUMER = "222222222222";

// The tests build on each other, as deployments do: one state, from the first preview to the destroy.
describe("the program under Pulumi's engine, with a simulated cloud", function () {
  this.timeout(120_000);
  // The plan and the cloud derive the same random values from it.
  const seed = randomUUID();
  const cloud: SimulatedCloud = simulatedCloud(seed, CENTRAL);
  let project: EngineProject;
  let central: EngineStack;
  let team: EngineStack;
  let centralPlan: Plan;
  let teamPlan: Plan;

  before(async function () {
    project = await engineProject(engineOrSkip(this), cloud);
    central = await initStack(project, "central");
    team = await initStack(project, "datascience");
    centralPlan = await runProgram({ dir: ROOT, stack: "central", seed });
    teamPlan = await runProgram({ dir: ROOT, stack: "datascience", seed });
  });
  after(() => project?.close());

  describe("before anything is there", () => {
    it("refuses wrong settings with one error that names them all", async () => {
      const right = readFileSync(join(project.dir, "Pulumi.central.yaml"), "utf8");
      central.configure((settings) =>
        Object.assign(settings, {
          "mlflow-gatehouse:account": "11111111111",
          "mlflow-gatehouse:gatway": {},
          "mlflow-gatehouse:server": { memory: 100 },
        }),
      );
      assert.deepEqual(await central.refused("preview"), [
        "  pulumi:pulumi:Stack (mlflow-gatehouse-central):",
        "    error: settings of stack central are wrong:",
        "      mlflow-gatehouse:gatway: is no setting; did you mean `gateway`?",
        "      mlflow-gatehouse:account: `11111111111` is not allowed; allowed: 12 digits in quotes",
        "      mlflow-gatehouse:server.memory: `100` is not allowed; allowed: 1024 to 122880",
      ]);
      central.restore(right);
    });

    it("does nothing with credentials of another account", async () => {
      cloud.account = "999999999999";
      const said = await central.refused("up", "--yes", "--skip-preview");
      cloud.account = CENTRAL;
      assert.match(said.join("\n"), /^ {2}aws:\S+ \([\w-]+\):\n {4}error: AWS account ID not allowed: 999999999999$/);
      // What it makes without AWS are random values.
      assert.deepEqual(
        [...cloud.created.keys()].filter((urn) => !keyOf(urn).startsWith("random:")),
        [],
      );
    });
  });

  describe("central stack", () => {
    it("previews what the plan says", async () => {
      const planned = centralPlan.resources.map(({ type, name }) => [`${type} ${name}`, "create"] as const);
      const stack = "pulumi:pulumi:Stack mlflow-gatehouse-central";
      assert.deepEqual({ ...Object.fromEntries(planned), [stack]: "create" }, await central.preview());
    });

    it("deploys what the plan says, in the plan's own account", async () => {
      await central.up();
      assertDeployed(centralPlan, cloud);
      assert.deepEqual(await central.outputs(), centralPlan.outputs);
    });
  });
});

/** Each resource reached the cloud with the inputs that it has in the plan. */
function assertDeployed(plan: Plan, cloud: SimulatedCloud): void {
  const made = [...cloud.created.values()].map(({ urn, id, inputs }) => [keyOf(urn), { id, inputs }] as const);
  const found = Object.fromEntries(made);
  for (const { type, name, id, inputs } of plan.resources.filter(({ type }) => /^(?:aws|awsx|random):/.test(type)))
    assert.deepEqual(found[`${type} ${name}`], { id, inputs }, `${type} ${name}`);
}
