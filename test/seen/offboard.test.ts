import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalRun } from "../../local/localRun.ts";
import { gatehouse } from "../helpers/gatehouse.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { call, DATA, localRun } from "./run.ts";

interface Said {
  readonly steps: readonly { readonly what: string; readonly state: string }[];
}

const DAN = "dan@acme.example";

describe("seen working: a person leaves", function () {
  this.timeout(240_000);
  let run: LocalRun;
  /** Of before he leaves: none is made for him later. */
  let token: string;
  before(async () => {
    run = await localRun();
    token = await run.token({ as: DAN });
  });
  after(async () => {
    const file = join(temporaryFolder(), "back.csv");
    writeFileSync(file, `person,email,persona,groups,enabled\n${DAN},${DAN},admin,team-vision,true\n`);
    await gatehouse("policy", "restore", DAN, "--data", DATA);
    await gatehouse("users", "import", file, "--data", DATA);
  });

  const offboard = async (...args: string[]) => {
    const { code, stdout, stderr } = await gatehouse("offboard", DAN, "--json", "--data", DATA, ...args);
    assert.equal(code, 0, stderr);
    return (JSON.parse(stdout) as Said).steps;
  };
  const withState = (steps: Said["steps"], state: string) =>
    steps.filter((step) => step.state === state).map(({ what }) => what);
  const search = async () => {
    const response = await fetch(`${run.urls.browser}/ajax-api/2.0/mlflow/experiments/search`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ max_results: 1 }),
    });
    return response.status;
  };

  it("is told beforehand what will be done, and nothing is", async () => {
    assert.equal(await search(), 200);
    const steps = await offboard("--dry-run");
    const would = withState(steps, "would");
    assert.match(would[0] ?? "", /^access policy: revoked/);
    assert.deepEqual(would.slice(1, 3), ["user pool: disable", "user pool: sign out"]);
    assert.match(would[3] ?? "", /^MLflow: loses \S/);
    assert.deepEqual(withState(steps, "done"), []);
    assert.equal(await search(), 200);
  });

  it("loses both doors, his logins and MLflow's roles, and hears what is left to deploy", async () => {
    const steps = await offboard();
    assert.equal(withState(steps, "done").length, 4, JSON.stringify(steps));
    assert.match(withState(steps, "done").at(-1) ?? "", /^MLflow: lost \S/);
    assert.deepEqual(withState(steps, "left"), [
      "stack datascience: dan names him; take it out of `people` and deploy, which ends its spaces and the role gatehouse-vision-dan",
    ]);
    assert.equal(await search(), 403);
    await assert.rejects(run.token({ as: DAN }), /"dan@acme\.example" is disabled/);
    const [step] = await call("search.py", run.credentials({ as: "vision/dan" }).environment);
    assert.match(step?.message ?? "", /has been shut out/);
  });

  it("may be offboarded again: nothing is left to do", async () => {
    const steps = await offboard();
    assert.deepEqual(withState(steps, "done"), []);
    assert.deepEqual(
      withState(steps, "already").map((what) => what.replace(/\d{4}-.*/, "<time>")),
      ["access policy: revoked since <time>", "user pool: disabled", "MLflow: no role"],
    );
  });

  it("is not taken for somebody else by a name that is none", async () => {
    const { code, stderr } = await gatehouse("offboard", "Dan", "--data", DATA);
    assert.equal(code, 2);
    assert.match(stderr, /no person: Dan; write the lower-case name/);
  });
});
