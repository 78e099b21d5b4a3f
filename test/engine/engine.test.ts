import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { engineOrSkip } from "./engineOrSkip.ts";
import { type EngineProject, engineProject, ROOT } from "./project.ts";
import { partsOf, type SimulatedCloud, simulatedCloud } from "./simulated/cloud.ts";

const CENTRAL = "111111111111";
const CONSUMER = "222222222222";

/** What `pulumi preview --json` prints, as far as it is read here. */
interface Preview {
  readonly steps: readonly { readonly op: string; readonly urn: string }[];
  readonly changeSummary: Readonly<Record<string, number>>;
}

interface State {
  readonly deployment: {
    readonly resources: readonly {
      readonly urn: string;
      readonly type: string;
      readonly custom: boolean;
      readonly provider?: string;
      readonly protect?: boolean;
      readonly retainOnDelete?: boolean;
    }[];
  };
}

// The tests build on each other, as deployments do: one state, from the first preview to the destroy.
describe("the program under Pulumi's engine, with a simulated cloud", function () {
  this.timeout(120_000);
  const seed = randomUUID();
  const cloud: SimulatedCloud = simulatedCloud(seed, CENTRAL);
  let project: EngineProject;
  const plans: Record<string, Plan> = {};

  before(async function () {
    const engine = engineOrSkip(this);
    project = await engineProject(engine, cloud);
    for (const stack of ["central", "datascience"]) {
      await project.pulumi("stack", "init", stack);
      plans[stack] = await runProgram({ dir: ROOT, stack, seed });
    }
  });
  after(() => project?.close());

  const planOf = (stack: string): Plan => plans[stack] ?? assert.fail(`no plan of ${stack}`);
  const preview = async (stack: string): Promise<Preview> =>
    JSON.parse(await project.pulumi("preview", "--json", "--stack", stack)) as Preview;
  const up = (stack: string, ...more: string[]): Promise<string> =>
    project.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack, ...more);
  const state = async (stack: string): Promise<State> =>
    JSON.parse(await project.pulumi("stack", "export", "--stack", stack)) as State;
  const outputs = async (stack: string): Promise<unknown> =>
    JSON.parse(await project.pulumi("stack", "output", "--json", "--show-secrets", "--stack", stack));
  const keyOf = (urn: string): string => {
    const { type, name } = partsOf(urn);
    return `${type} ${name}`;
  };

  it("previews the resources of the plan", async () => {
    const { steps, changeSummary } = await preview("central");
    console.log(changeSummary);
    const created = steps.filter(({ op }) => op === "create").map(({ urn }) => keyOf(urn));
    assert.deepEqual(
      created.filter((key) => !key.startsWith("pulumi:pulumi:Stack ")).sort(),
      planOf("central")
        .resources.map(({ type, name }) => `${type} ${name}`)
        .sort(),
    );
  });

  it("deploys", async () => {
    console.log(await up("central"));
    assert.deepEqual(await outputs("central"), planOf("central").outputs);
  });
});
