import assert from "node:assert/strict";
import { ENDPOINTS } from "../../authorizer/catalogue/index.ts";
import { SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import { compareServed } from "../../plan/servedRoutes.ts";

describe("routes of another MLflow version", () => {
  const routes = ENDPOINTS.map(({ method, path }) => ({ method, path }));

  it("finds nothing where the version serves what the catalogue lists, however it names parameters", () => {
    const renamed = routes.map(({ method, path }) => ({ method, path: path.replaceAll("{run_id}", "{run}") }));
    assert.deepEqual(compareServed({ mlflow: "3.17.2", routes: renamed }, SHIPPED_PERSONAS), {
      mlflow: "3.17.2",
      known: routes.length,
      appeared: [],
      vanished: [],
    });
  });

  it("says of a new route that nobody has it, and which known one it is like", () => {
    const path = "/api/2.0/mlflow/runs/resurrect";
    const { appeared } = compareServed(
      { mlflow: "3.99.0", routes: [...routes, { method: "POST", path }] },
      SHIPPED_PERSONAS,
    );
    const [only, ...others] = appeared;
    assert.deepEqual(others, []);
    assert.equal(only?.path, path);
    assert.match(only?.like?.path ?? "", /^\/api\/2\.0\/mlflow\/runs\//);
  });

  it("says of a vanished route who could call it", () => {
    const path = "/api/2.0/mlflow/registered-models/alias";
    const rest = routes.filter((route) => route.path !== path || route.method !== "POST");
    assert.deepEqual(compareServed({ mlflow: "3.1.0", routes: rest }, SHIPPED_PERSONAS).vanished, [
      { method: "POST", path, doors: ["code"], personas: ["approver", "admin"] },
    ]);
  });
});
