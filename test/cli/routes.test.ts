import assert from "node:assert/strict";
import type { RouteChanges } from "../../plan/servedRoutes.ts";
import { gatehouse } from "../helpers/gatehouse.ts";

describe("gatehouse routes", function () {
  this.timeout(30_000);

  it("finds every route of the pinned MLflow in the catalogue", async () => {
    const { code, stdout } = await gatehouse("routes", "--json");
    assert.equal(code, 0);
    const { known, appeared, vanished } = JSON.parse(stdout) as RouteChanges;
    assert.deepEqual([appeared, vanished], [[], []]);
    assert.ok(known > 500);
  });

  it("refuses what is no version before it installs anything", async () => {
    const { code, stderr } = await gatehouse("routes", "--mlflow", "latest; rm -rf /");
    assert.equal(code, 2);
    assert.match(stderr, /is no version of MLflow, such as/);
  });
});
