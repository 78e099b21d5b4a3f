import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { matchEndpoint } from "../../authorizer/catalogue/index.ts";
import type { Door } from "../../authorizer/catalogue/types.ts";
import { type DeclaredAccess, declaredAccess } from "../../plan/documents.ts";
import { decide } from "../../plan/matrix.ts";
import { declaredPlan } from "../helpers/declared.ts";

interface SampleRow {
  readonly method: string;
  readonly path: string;
  /** persona → allowed by the sample's documents; null: the route isn't served at that door. */
  readonly code: Readonly<Record<string, boolean | null>>;
  readonly browser: Readonly<Record<string, boolean | null>>;
}

const ROWS = JSON.parse(
  readFileSync(new URL("../fixtures/sampleMatrix.json", import.meta.url), "utf8"),
) as readonly SampleRow[];

/** Why an answer differs from that of AWS's sample for MLflow 2.12. Each reason names what it covers; a difference without one fails, and so does a reason without difference. */
const REASONS: readonly {
  readonly why: string;
  readonly covers: (persona: string, door: Door, row: SampleRow, ours: boolean) => boolean;
}[] = [
  {
    why: "the sample's approver could register models and versions; register ≠ approve",
    covers: (persona, _, { path }, ours) =>
      persona === "approver" && !ours && /\/(registered-models|model-versions)\/create$/.test(path),
  },
  {
    why: "the sample's approver could delete versions at one door; approve ≠ delete",
    covers: (persona, door, { path, method }, ours) =>
      persona === "approver" &&
      door === "browser" &&
      !ours &&
      method === "DELETE" &&
      path.endsWith("/model-versions/delete"),
  },
  {
    why: "the sample's approver could rename a model, which takes its name from whoever serves it",
    covers: (persona, _, { path }, ours) =>
      persona === "approver" && !ours && path.endsWith("/registered-models/rename"),
  },
  {
    why: "the sample's approver could set tags of a whole model and describe versions; that is the writer's",
    covers: (persona, _, { path }, ours) =>
      persona === "approver" && !ours && /registered-models\/set-tag$|model-versions\/update$/.test(path),
  },
  {
    why: "the sample's approver could set an alias and not delete it, and his doors disagreed on tags",
    covers: (persona, _, { path, method }, ours) =>
      persona === "approver" &&
      ours &&
      method === "DELETE" &&
      /registered-models\/alias$|model-versions\/delete-tag$/.test(path),
  },
  {
    why: "the sample refused artifacts to its browser users, whose UI then shows none",
    covers: (persona, door, { path, method }, ours) =>
      persona !== "admin" && door === "browser" && ours && method === "GET" && path.startsWith("/mlflow-artifacts/"),
  },
  {
    why: "the sample took these reads for writes, since they are sent as POST",
    covers: (persona, _, { path, method }, ours) =>
      persona !== "admin" && ours && method === "POST" && /search-datasets$|get-latest-versions$/.test(path),
  },
];

describe("AWS's sample as an oracle", () => {
  let access: DeclaredAccess;
  before(async function () {
    this.timeout(30_000);
    access = await declaredAccess(await declaredPlan("central"));
  });

  const differences = () =>
    ROWS.flatMap((row) =>
      (["code", "browser"] as const).flatMap((door) =>
        Object.entries(row[door]).flatMap(([persona, sample]) => {
          if (sample === null) return [];
          const path = `/${door === "code" ? "api" : "ajax-api"}/2.0${row.path.replace(/\/X$/, "/a/b")}`;
          assert.ok(matchEndpoint(row.method, path), `${row.method} ${path}`);
          const held = access.personas.filter(({ name }) => name === persona);
          const ours = decide(access, door, held, row.method, path).effect === "allow";
          return ours === sample ? [] : [{ persona, door, row, ours }];
        }),
      ),
    );

  it("has a reason for each difference", () => {
    const unexplained = differences().filter(
      ({ persona, door, row, ours }) => !REASONS.some(({ covers }) => covers(persona, door, row, ours)),
    );
    assert.deepEqual(
      unexplained.map(
        ({ persona, door, row, ours }) => `${persona} at ${door}: ${row.method} ${row.path}: ours ${String(ours)}`,
      ),
      [],
    );
  });

  it("has no reason without a difference", () => {
    const all = differences();
    assert.deepEqual(
      REASONS.filter(({ covers }) => !all.some(({ persona, door, row, ours }) => covers(persona, door, row, ours))).map(
        ({ why }) => why,
      ),
      [],
    );
  });
});
