import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalRun } from "../../local/localRun.ts";
import { PYTHON } from "../helpers/python.ts";
import { DATA, localRun, ROOT } from "../seen/run.ts";
import { PERSONA_SECONDS } from "./shortSessions.ts";
import { ended, openSpace, type Space } from "./space.ts";

/** Executes a notebook with a kernel and prints what its cells show. */
const EXECUTE = `
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=200).execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output.get("text") or output.get("data", {}).get("text/plain"))
`;

/** What somebody writes in a cell: nothing in it knows of credentials. */
const LOG_FOR_LONG = `
import time, mlflow
mlflow.set_experiment("long")
with mlflow.start_run() as run:
    end = time.time() + ${PERSONA_SECONDS + 5}
    step = 0
    while time.time() < end:
        mlflow.log_metric("step", step, step=step)
        step += 1
        time.sleep(1)
history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "step")
print("logged", step, "found", len(history))
`;

describe("The examples as people and jobs run them", function () {
  this.timeout(240_000);
  let run: LocalRun;
  const spaces = new Map<string, Space>();
  before(async () => {
    run = await localRun();
    for (const key of ["vision/ada", "vision/bo", "vision/cleo"]) spaces.set(key, await openSpace(run, DATA, key));
  });
  after(async () => {
    for (const space of spaces.values()) await space.close();
  });
  const space = (key: string) => spaces.get(key) ?? assert.fail(key);
  const execute = async (key: string, notebook: string) => {
    const { code, out, err } = await space(key).python("-c", EXECUTE, join(ROOT, "client/examples", notebook));
    assert.equal(code, 0, err.slice(-3000));
    return out;
  };

  it("a scientist trains and registers", async () => {
    assert.match(await execute("vision/ada", "1-train-and-register.ipynb"), /registered version \d+ of diabetes/);
  });
  it("a reader reads the model, and is told that he may not write", async () => {
    const out = await execute("vision/bo", "2-read.ipynb");
    assert.match(out, /version \d+ says \d+/);
    assert.match(out, /PERMISSION_DENIED: bo@acme\.example may not POST .*the persona of this role isn't granted it/);
  });
  it("an approver gives the version its alias, and sees who made it", async () => {
    assert.match(await execute("vision/cleo", "3-approve.ipynb"), /made by ada@acme\.example/);
  });
  it("anything on requests is signed alike", async () => {
    const out = await execute("vision/bo", "4-call-the-gateway.ipynb");
    assert.match(out, /^200 \d/m);
    assert.match(out, /^bo@acme\.example$/m);
    assert.match(out, /^403$/m);
  });

  it("a run outlives the sessions it began with", async () => {
    const { sessions, python } = space("vision/ada");
    const before = sessions.assumed();
    const { code, out, err } = await python("-m", "IPython", "-c", LOG_FOR_LONG);
    assert.equal(code, 0, err.slice(-3000));
    const [, logged, found] = /logged (\d+) found (\d+)/.exec(out) ?? assert.fail(out);
    assert.equal(found, logged);
    assert.ok(sessions.assumed() - before >= 3, `${sessions.assumed() - before} sessions`);
  });

  describe("a job: a process of its own, with the role's keys and the job's environment, and no network but its gateway", () => {
    const job = (...args: readonly string[]) => {
      const { environment, sessions } = space("vision/ada");
      const profile = run.profiles.find(({ key }) => key === "vision/ada") ?? assert.fail();
      const ports = [run.urls.code, sessions.keysUrl, sessions.stsUrl].map((url) => new URL(url).port);
      const home = mkdtempSync(join(DATA, "job-"));
      const child = spawn(PYTHON, [...args], {
        cwd: home,
        env: {
          ...environment,
          ...profile.environment,
          HOME: home,
          SM_MODEL_DIR: home,
          TRAINING_JOB_NAME: "ridge-1",
          MLFLOW_TRACKING_URI: run.urls.code,
          MLFLOW_EXPERIMENT_NAME: "of jobs",
          PYTHONPATH: join(ROOT, "test/jupyter/confined"),
          GATEHOUSE_TEST_PORTS: ports.join(" "),
        },
      });
      return ended(child).then((end) => ({ ...end, home }));
    };
    it("has no other network", async () => {
      const other = new URL(run.urls.browser).port;
      const { code, err } = await job("-c", `import socket; socket.create_connection(("127.0.0.1", ${other}))`);
      assert.notEqual(code, 0);
      assert.match(err, /this job reaches no/);
    });
    it("trains, logs and registers", async () => {
      const { code, out, err, home } = await job(join(ROOT, "client/examples/jobs/train.py"), "--register", "by job");
      assert.equal(code, 0, err.slice(-3000));
      const [, id] = /run=(\w+) mean_absolute_error=\d+\.\d+;/.exec(out) ?? assert.fail(out);
      assert.equal(readFileSync(join(home, "run_id"), "utf8"), id);
    });
    it("judges a registered model", async () => {
      const { code, err, home } = await job(
        join(ROOT, "client/examples/jobs/process.py"),
        ...["--model", "by job", "--output", "out"],
      );
      assert.equal(code, 0, err.slice(-3000));
      const report = JSON.parse(readFileSync(join(home, "out/report.json"), "utf8")) as { version: string };
      assert.equal(report.version, "1");
    });
  });
});
