import assert from "node:assert/strict";
import { type DeclaredAccess, declaredAccess } from "../../plan/documents.ts";
import { differences } from "../../tools/sample/differences.ts";
import { REASONS } from "../../tools/sample/reasons.ts";
import { declaredPlan } from "../helpers/declared.ts";

describe("AWS's sample as an oracle", () => {
  let access: DeclaredAccess;
  before(async function () {
    this.timeout(30_000);
    access = await declaredAccess(await declaredPlan("central"));
  });

  it("has a reason for each difference", () => {
    assert.deepEqual(
      differences(access).filter(({ why }) => why === undefined),
      [],
    );
  });

  it("has no reason without a difference", () => {
    const given = new Set(differences(access).map(({ why }) => why));
    assert.deepEqual(
      REASONS.filter(({ why }) => !given.has(why)),
      [],
    );
  });
});
