import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ENDPOINTS, endpointsOf, matchEndpoint } from "../../authorizer/catalogue/index.ts";
import { type Persona, resolvePersonas, SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import { mayCall } from "../../authorizer/policy/compile.ts";
import { mlflowRole } from "../../authorizer/policy/mlflowRole.ts";
import { persona } from "../helpers/personas.ts";

const may = (name: string, method: string, path: string) => {
  const endpoint = matchEndpoint(method, path);
  assert.ok(endpoint, `${method} ${path} is not in the catalogue`);
  return mayCall(persona(name), endpoint);
};
const calls = JSON.parse(readFileSync(new URL("../fixtures/clientCalls.json", import.meta.url), "utf8")) as Record<
  string,
  string[]
>;
const endpointsCalled = (activity: string) =>
  (calls[activity] ?? assert.fail(activity)).map((call) => {
    const [method = "", template = ""] = call.split(" ");
    const path = template.replaceAll(/\{[^}]+\+\}/g, "a/b").replaceAll(/\{[^}]+\}/g, "a");
    return matchEndpoint(method, path) ?? assert.fail(call);
  });

describe("the shipped personas", () => {
  it("keeps registering, approving and deleting apart below admin", () => {
    for (const { name, permissions } of SHIPPED_PERSONAS) {
      if (name === "admin") continue;
      const holds = [
        permissions.includes("model_version:write") || permissions.includes("registered_model:write"),
        permissions.includes("model_version:approve"),
        permissions.includes("model_version:delete") || permissions.includes("registered_model:delete"),
      ];
      assert.ok(holds.filter(Boolean).length <= 1, name);
    }
  });

  it("gives the reader no effect but read", () => {
    assert.deepEqual(
      persona("reader").permissions.filter((permission) => !permission.endsWith(":read")),
      [],
    );
  });

  it("gives the reader searches sent as POST and no write", () => {
    assert.ok(may("reader", "POST", "/api/2.0/mlflow/runs/search"));
    assert.ok(!may("reader", "POST", "/api/2.0/mlflow/runs/create"));
    assert.ok(!may("reader", "PUT", "/api/2.0/mlflow-artifacts/artifacts/1/a"));
  });

  it("lets the approver set an alias and not register", () => {
    assert.ok(may("approver", "POST", "/api/2.0/mlflow/registered-models/alias"));
    assert.ok(may("approver", "DELETE", "/api/2.0/mlflow/registered-models/alias"));
    assert.ok(!may("approver", "POST", "/api/2.0/mlflow/model-versions/create"));
    assert.ok(!may("approver", "POST", "/api/2.0/mlflow/registered-models/create"));
  });

  it("lets nobody but platform-admin reach beyond a workspace", () => {
    for (const name of ["reader", "scientist", "approver", "admin"])
      for (const [method, path] of [
        ["POST", "/api/2.0/mlflow/users/create"],
        ["GET", "/api/2.0/mlflow/webhooks"],
        ["POST", "/api/3.0/mlflow/workspaces"],
        ["PATCH", "/api/2.0/mlflow/users/update-admin"],
      ] as const)
        assert.ok(!may(name, method, path), `${name}: ${method} ${path}`);
  });

  it("hides users, roles, webhooks and secrets from reader, scientist and approver", () => {
    for (const name of ["reader", "scientist", "approver"])
      for (const { path, method } of ENDPOINTS.filter(({ path }) =>
        /users\/list|roles\/(get|list)|webhooks|secrets\/(get|list)$|guardrails\/(get|list)$/.test(path),
      ))
        if (!path.includes("users/roles/list"))
          assert.ok(!may(name, method, path.replaceAll(/\{[^}]+\}/g, "a")), `${name}: ${method} ${path}`);
  });

  it("opens a closed route to nobody", () => {
    for (const endpoint of ENDPOINTS.filter(({ needs }) => needs === null))
      for (const one of SHIPPED_PERSONAS) assert.ok(!mayCall(one, endpoint));
  });

  for (const activity of [
    "train with sklearn autolog (fit, implicit run, grid search, registered_model_name)",
    "log and register a model",
    "traces (decorator, sync, client API, annotate, read)",
    "load and search (reader)",
  ])
    it(`lets the scientist ${activity}, at the code door`, () => {
      for (const endpoint of endpointsCalled(activity)) {
        assert.ok(endpoint.doors.includes("code"), endpoint.path);
        assert.ok(mayCall(persona("scientist"), endpoint), `${endpoint.method} ${endpoint.path}`);
      }
    });

  it("lets the reader load and search", () => {
    for (const endpoint of endpointsCalled("load and search (reader)"))
      assert.ok(mayCall(persona("reader"), endpoint), endpoint.path);
  });

  it("lets the scientist write prompts, but for what approves one", () => {
    const refused = endpointsCalled("prompts").filter((endpoint) => !mayCall(persona("scientist"), endpoint));
    assert.deepEqual(new Set(refused.map(({ needs }) => needs)), new Set(["model_version:approve"]));
  });

  it("maps to levels of MLflow's own RBAC", () => {
    assert.deepEqual(mlflowRole(persona("reader")).mlflow.experiment, "READ");
    assert.deepEqual(mlflowRole(persona("scientist")).mlflow, {
      experiment: "EDIT",
      registered_model: "EDIT",
      prompt: "EDIT",
      scorer: "EDIT",
      mcp_server: "EDIT",
      gateway_endpoint: "USE",
      gateway_model_definition: "USE",
      workspace: "USE",
    });
    assert.equal(mlflowRole(persona("approver")).mlflow.registered_model, "MANAGE");
    assert.deepEqual(mlflowRole(persona("admin")).mlflow, { workspace: "MANAGE" });
    assert.deepEqual(
      SHIPPED_PERSONAS.filter((one) => mlflowRole(one).isAdmin).map(({ name }) => name),
      ["platform-admin"],
    );
  });
});

describe("personas of a stack", () => {
  it("adds one of its own", () => {
    const { personas, errors } = resolvePersonas({
      labeler: { group: "labelers", may: ["review_queue:write", "trace:read"] },
    });
    assert.deepEqual(errors, []);
    assert.deepEqual(personas.at(-1), {
      name: "labeler",
      group: "labelers",
      permissions: ["review_queue:write", "trace:read"],
    });
  });

  it("narrows a shipped one", () => {
    const { personas, errors } = resolvePersonas({ scientist: { mayNot: ["gateway:use"] } });
    assert.deepEqual(errors, []);
    assert.ok(!personas.find((one: Persona) => one.name === "scientist")?.permissions.includes("gateway:use"));
  });

  it("says all that is wrong at once", () => {
    const { errors } = resolvePersonas({
      reader: { may: ["run:write"] },
      scientist: { mayNot: ["user:admin"] },
      "Bad Name": { group: "x", may: ["run:read"] },
      empty: {},
      odd: { group: "readers", may: ["run:fly", "workspace:admin"] },
    });
    for (const expected of [
      /personas\.reader\.may: a shipped persona can only be narrowed/,
      /personas\.scientist\.mayNot: scientist does not hold `user:admin`/,
      /personas\.Bad Name: a name is/,
      /personas\.empty\.group/,
      /personas\.empty\.may/,
      /`run:fly` is no permission/,
      /`workspace:admin` reaches beyond a workspace/,
      /`readers` is already the group of/,
    ])
      assert.ok(
        errors.some((error) => expected.test(error)),
        `${expected} in ${errors.join("\n")}`,
      );
  });
});

describe("doors", () => {
  it("serves every open endpoint, or its twin, at both", () => {
    for (const door of ["code", "browser"] as const) {
      const served = new Set(endpointsOf(door).map(({ method, path }) => `${method} ${path}`));
      for (const { method, path, twin, needs } of ENDPOINTS)
        if (needs !== null && path !== "/api/2.0/mlflow/users/create-ui")
          assert.ok(
            served.has(`${method} ${path}`) || (twin && served.has(`${method} ${twin}`)),
            `${door}: ${method} ${path}`,
          );
    }
  });
});
