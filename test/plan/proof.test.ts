import assert from "node:assert/strict";
import fc from "fast-check";
import { ENDPOINTS } from "../../authorizer/catalogue/index.ts";
import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { globMatches } from "../../authorizer/policy/glob.ts";
import { type DeclaredAccess, declaredAccess } from "../../plan/documents.ts";
import { meet } from "../../plan/languages.ts";
import { overlapFaults, prove } from "../../plan/proof.ts";
import { declaredPlan } from "../helpers/declared.ts";

describe("the proof", function () {
  this.timeout(30_000);
  let access: DeclaredAccess;
  before(async () => {
    access = await declaredAccess(await declaredPlan("central"));
  });

  it("holds for the declared documents", () => assert.deepEqual(prove(access), []));

  /** The declared access with one resource more, or less, for a persona at a door. */
  const changed = (
    persona: string,
    door: "code" | "browser",
    change: (resources: readonly string[], stage: string) => readonly string[],
  ): DeclaredAccess => ({
    ...access,
    documents: (at, held) => {
      const documents = access.documents(at, held);
      if (at !== door || !held.some(({ name }) => name === persona)) return documents;
      const [first, ...rest] = documents as readonly PolicyDocument[];
      const [statement] = first?.Statement ?? [];
      if (!first || !statement) return documents;
      const resources = change(statement.Resource as readonly string[], access.stageArns[door]);
      return [{ ...first, Statement: [{ ...statement, Resource: resources }] }, ...rest];
    },
  });
  const faults = (...change: Parameters<typeof changed>) => prove(changed(...change)).join("\n");

  it("finds a grant too many, at either door", () => {
    assert.match(
      faults("reader", "code", (all, stage) => [...all, `${stage}/POST/api/2.0/mlflow/runs/create`]),
      /reader at the code door: POST \/api\/2\.0\/mlflow\/runs\/create is allowed/,
    );
    assert.match(
      faults("reader", "browser", (all, stage) => [...all, `${stage}/POST/ajax-api/2.0/mlflow/runs/create`]),
      /the doors disagree/,
    );
  });
  it("finds a route of both doors that one of them refuses", () => {
    assert.match(
      faults("reader", "code", (all, stage) => all.filter((resource) => resource !== `${stage}/GET/`)),
      /reader: the doors disagree on GET \/$/m,
    );
  });
  it("finds a grant too few", () => {
    assert.match(
      faults("scientist", "browser", (all) => all.filter((resource) => !resource.endsWith("/runs/create"))),
      /runs\/create is refused, against the catalogue/,
    );
  });
  it("finds a star that crosses a slash into another route", () => {
    assert.match(
      faults("reader", "code", (all, stage) => [...all, `${stage}/POST/api/2.0/mlflow/*/search`]),
      /search` is not the exact path of a route of this door/,
    );
    // No example path shows this one; the automata do.
    assert.match(
      faults("scientist", "code", (all, stage) => [...all, `${stage}/DELETE/api/3.0/mlflow/mcp-servers/*/aliases/z`]),
      /DELETE .*mcp-servers.* is not granted, but `DELETE\/api\/3\.0\/mlflow\/mcp-servers\/\*\/aliases\/z` admits/,
    );
  });
  it("finds a closed route that was opened", () => {
    const closed = ENDPOINTS.find(({ path }) => path === "/api/2.0/mlflow/users/create-ui") ?? assert.fail();
    assert.match(
      faults("admin", "code", (all, stage) => [...all, `${stage}/${closed.method}${closed.path}`]),
      /create-ui is allowed/,
    );
  });
  it("finds another API, another action and whatever is too long", () => {
    assert.match(
      faults("reader", "code", (all, stage) => [...all, stage.replace(/[a-z0-9]+\/prod$/, "*/prod/GET/x")]),
      /is not below/,
    );
    assert.match(
      faults("reader", "code", (all, stage) => [...all, `${stage}/GET/${"x".repeat(7000)}`]),
      /is too long[\s\S]*more than 6144/,
    );
  });
  it("finds two routes that need different things and can be the same path", () => {
    const [one] = ENDPOINTS.filter(({ path }) => path === "/api/2.0/mlflow/logged-models/{model_id}");
    assert.ok(one);
    assert.equal(overlapFaults([one, { ...one, path: "/api/2.0/mlflow/{name+}", needs: "user:admin" }]).length, 1);
    assert.deepEqual(overlapFaults(), []);
  });
});

describe("languages of paths", () => {
  const part = fc.constantFrom("a", "b", "/", "*", "ab");
  const language = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(""));

  it("meet whenever one text matches both", () => {
    const text = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 6 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(language, language, text, (one, other, word) => {
        if (globMatches(one, word) && globMatches(other, word))
          assert.ok(meet(one, other), `${one} ∩ ${other} ∋ ${word}`);
      }),
      { numRuns: 20_000 },
    );
  });
  it("know a segment from several", () => {
    assert.ok(!meet("GET/x/{id}", "GET/x/a/b"));
    assert.ok(meet("GET/x/{id+}", "GET/x/a/b"));
    assert.ok(meet("GET/x/*", "GET/x/{id}/y"));
    assert.ok(!meet("GET/x/{id}", "GET/x/"));
    assert.ok(!meet("GET/x/{id}:go", "GET/x/{id}:stop"));
  });
});
