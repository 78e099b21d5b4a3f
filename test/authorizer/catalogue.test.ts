import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { nonCanonicalReason } from "../../authorizer/catalogue/canonical.ts";
import { ENDPOINTS, matchEndpoint } from "../../authorizer/catalogue/index.ts";
import { DOORS } from "../../authorizer/catalogue/types.ts";
import { examplePath } from "../../plan/matrix.ts";

interface Snapshot {
  readonly mlflow: string;
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

const ROUTES = new URL("../../docker/routes/", import.meta.url);
const named = (route: { readonly method: string; readonly path: string }) => `${route.method} ${sameNames(route.path)}`;
/** Flask and FastAPI name a parameter as they like; its place and its width are what counts. */
const sameNames = (path: string) => path.replaceAll(/\{[^}]*?(\+?)\}/g, "{$1}");

describe("the catalogue", () => {
  for (const file of readdirSync(ROUTES).filter((name) => /^mlflow-[\d.]+\.json$/.test(name))) {
    const snapshot = JSON.parse(readFileSync(new URL(file, ROUTES), "utf8")) as Snapshot;
    const served = new Set(snapshot.routes.map(named));
    const known = new Set(ENDPOINTS.map(named));

    it(`classifies every route of MLflow ${snapshot.mlflow}`, () => {
      assert.deepEqual([...served].filter((route) => !known.has(route)).sort(), []);
    });
    it(`names no route that MLflow ${snapshot.mlflow} doesn't serve`, () => {
      assert.deepEqual([...known].filter((route) => !served.has(route)).sort(), []);
    });
  }

  it("has a snapshot of the pinned MLflow", () => {
    const [, pinned] =
      /^mlflow==([\d.]+)$/m.exec(readFileSync(new URL("../../docker/requirements.in", import.meta.url), "utf8")) ?? [];
    assert.ok(existsSync(new URL(`mlflow-${pinned}.json`, ROUTES)), `run docker/routes/probe.py for MLflow ${pinned}`);
  });

  it("lists no method and path twice", () => {
    const all = ENDPOINTS.map(named);
    assert.deepEqual(
      all.filter((route, i) => all.indexOf(route) !== i),
      [],
    );
  });

  it("finds each endpoint by a path of it", () => {
    for (const endpoint of ENDPOINTS) assert.equal(matchEndpoint(endpoint.method, examplePath(endpoint)), endpoint);
  });

  it("gives every open endpoint a door and every closed one a reason", () => {
    for (const { path, needs, doors, closed } of ENDPOINTS) {
      if (needs === null) assert.ok(closed && doors.length === 0, path);
      else assert.ok(doors.length > 0 && doors.every((door) => DOORS.includes(door)), path);
    }
  });

  it("says why wherever a write method only reads", () => {
    for (const { method, path, needs, why } of ENDPOINTS)
      if (method !== "GET" && needs?.endsWith(":read")) assert.ok(why, `${method} ${path}`);
  });

  it("finds nothing for another method, a longer or a shorter path", () => {
    for (const { method, path } of [
      { method: "GET", path: "/api/2.0/mlflow/runs/create" },
      { method: "HEAD", path: "/version" },
      { method: "POST", path: "/api/2.0/mlflow/runs/create/" },
      { method: "POST", path: "/api/2.0/mlflow/runs" },
      { method: "POST", path: "/API/2.0/mlflow/runs/create" },
      { method: "GET", path: "/api/2.0/mlflow/logged-models/a/b" },
    ])
      assert.equal(matchEndpoint(method, path), undefined, path);
  });
});

describe("canonical paths", () => {
  it("accepts every path that the catalogue can stand for", () => {
    for (const endpoint of ENDPOINTS) assert.equal(nonCanonicalReason(examplePath(endpoint)), undefined, endpoint.path);
  });

  for (const [path, reason] of [
    ["//api/2.0/mlflow/runs/search", /empty segment/],
    ["/api//2.0", /empty segment/],
    ["/api/2.0/../2.0/x", /dot segment/],
    ["/api/./x", /dot segment/],
    ["/api%2F2.0", /separator/],
    ["/api%2f2.0", /separator/],
    ["/a%5Cb", /separator/],
    ["/a%00b", /control/],
    ["/a%0Ab", /control/],
    ["/api/2.0/mlflow/runs/%73earch", /needs no encoding/],
    ["/a%2Eb", /needs no encoding/],
    ["/%2e%2e/a", /needs no encoding/],
    ["/a%", /malformed/],
    ["/a%4", /malformed/],
    ["/a%zz", /malformed/],
    ["/a%ff", /UTF-8/],
    ["/a b", /percent-encoded/],
    ["/a\\b", /percent-encoded/],
    ["/ä", /percent-encoded/],
    ["api", /start/],
    ["", /start/],
  ] as const)
    it(`refuses ${JSON.stringify(path)}`, () => assert.match(nonCanonicalReason(path) ?? "", reason));

  for (const path of ["/a%20b", "/a%C3%A4", "/a%3Ab", "/a:b@c=d", "/a+b", "/a%2Bb", "/a~b"])
    it(`accepts ${path}`, () => assert.equal(nonCanonicalReason(path), undefined));

  it("accepts exactly one spelling of what is not a sub-delimiter", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { minLength: 1, maxLength: 4 }),
        (segments) => {
          const plain = segments.filter((segment) => !/[/\\\p{Cc}]|^\.{1,2}$/u.test(segment) && segment.isWellFormed());
          if (!plain.length) return;
          const path = `/${plain.map(encodeURIComponent).join("/")}`;
          assert.equal(nonCanonicalReason(path), undefined, path);
          // One unreserved character encoded without need.
          const at = path.search(/[A-Za-z0-9]/);
          if (at === -1 || path[at - 1] === "%" || path[at - 2] === "%") return;
          const hex = path.charCodeAt(at).toString(16);
          assert.notEqual(nonCanonicalReason(`${path.slice(0, at)}%${hex}${path.slice(at + 1)}`), undefined);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
