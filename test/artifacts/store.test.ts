import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startArtifactStore } from "../../local/artifactStore/index.ts";
import { mlflowContainer } from "../../local/mlflowContainer.ts";
import type { Plan } from "../../plan/plan.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { call } from "./call.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KEY = { accessKeyId: "AKIAOFTHETASK0000000", secretAccessKey: "a secret of the tests" };

describe("the artifact store of a local run", function () {
  this.timeout(60_000);
  let plan: Plan;
  const directory = temporaryFolder();
  const environment = { AWS_ACCESS_KEY_ID: KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey };
  const open = () =>
    startArtifactStore({
      plan,
      container: mlflowContainer(plan),
      region: "eu-west-1",
      directory,
      venv: join(ROOT, ".venv"),
      logFile: join(directory, "s3.log"),
      key: KEY,
    });
  const KEPT = {
    get: "second",
    "get nothing": "0",
    "get the large one": 'True -9"',
    list: "['empty.bin', 'large.bin', 'workspaces/a b/ä+%.bin']",
  };

  before(async () => {
    plan = await runProgram({ dir: ROOT, stack: "central" });
  });

  for (const [what, phase, also] of [
    ["takes and gives what MLflow's task may", "write", { put: "200", "put again": "True", "delete many": "none" }],
    ["has it all after a restart", "read", {}],
  ] as const)
    it(`${what}, and refuses every other call`, async () => {
      const store = await open();
      try {
        const steps = await call("store.py", environment, store.url, store.bucket, phase);
        const said = Object.fromEntries(steps.map(({ step, message }) => [step, message]));
        for (const [step, message] of Object.entries({ ...also, ...KEPT })) assert.equal(said[step], message, step);
        const deleted = steps.find(({ step }) => step === "get what was deleted");
        assert.equal(deleted?.status, 404);
        const refused = steps.filter(({ step }) => step.startsWith("refused: "));
        assert.deepEqual([refused.length, refused.filter(({ status }) => status !== 403)], [7, []]);
      } finally {
        await store.close();
      }
    });

  it("knows no other key", async () => {
    const store = await open();
    try {
      const other = { ...environment, AWS_SECRET_ACCESS_KEY: "another secret" };
      const steps = await call("store.py", other, store.url, store.bucket, "read");
      assert.deepEqual(
        steps.filter(({ status }) => status !== 403),
        [],
      );
    } finally {
      await store.close();
    }
  });
});
