import assert from "node:assert/strict";
import fc from "fast-check";
import { ENDPOINTS } from "../../authorizer/catalogue/index.ts";
import { DOORS } from "../../authorizer/catalogue/types.ts";
import type { PolicyDocument, Statement } from "../../authorizer/policy/document.ts";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import { declaredAccess } from "../../plan/documents.ts";
import { examplePath } from "../../plan/matrix.ts";
import { declaredPlan } from "../helpers/declared.ts";
import { runPython } from "../helpers/python.ts";

interface Case {
  /** Index into `documents`. */
  readonly documents: number;
  readonly action: string;
  readonly resource: string;
}

const SEED = 20_261_124;

/** moto is an evaluator that others wrote. It knows no `?`, no variables, and takes an ARN for one text; the cases keep to what it knows. */
const MOTO = new URL("moto_decides.py", import.meta.url);

async function disagreements(documents: readonly (readonly PolicyDocument[])[], cases: readonly Case[]) {
  const moto = JSON.parse(await runPython(MOTO, { documents, cases })) as readonly string[];
  assert.equal(moto.length, cases.length);
  return cases.flatMap((one, i) => {
    const { action, resource } = one;
    const { effect } = evaluate(documents[one.documents] ?? [], { action, resource, context: {} });
    return effect === moto[i] ? [] : [{ ...one, ours: effect, moto: moto[i] }];
  });
}

describe("our evaluator against moto's", function () {
  this.timeout(120_000);

  it("agrees on the declared documents, for routes and for paths near them", async () => {
    const access = await declaredAccess(await declaredPlan("central"));
    const held = DOORS.flatMap((door) =>
      access.personas.map((persona) => ({ door, documents: access.documents(door, [persona]) })),
    );
    // Every seventh endpoint of each, another seventh for each, and a path that nobody serves beside it.
    const cases = held.flatMap(({ door }, documents) =>
      ENDPOINTS.filter((_, i) => i % 7 === documents % 7).flatMap((endpoint) => {
        const path = examplePath(endpoint);
        const paths = [path, `${path}/`, path.replace("mlflow", "mlfloww"), path.slice(0, -1)];
        return paths.map((near) => ({
          documents,
          action: "execute-api:Invoke",
          resource: `${access.stageArns[door]}/${endpoint.method}${near}`,
        }));
      }),
    );
    assert.ok(cases.length > 2_500);
    assert.deepEqual(
      await disagreements(
        held.map(({ documents }) => documents),
        cases,
      ),
      [],
    );
  });

  it("agrees on random documents and requests", async () => {
    const text = (unit: readonly string[]) =>
      fc.array(fc.constantFrom(...unit), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
    const arn = (rest: fc.Arbitrary<string>) =>
      rest.map((path) => `arn:aws:execute-api:eu-west-1:111111111111:${path}`);
    const pattern = arn(text(["a", "b", "/", "*", "GET", "**"]));
    const action = fc.constantFrom("execute-api:Invoke", "execute-api:*", "execute-api:Inval*", "s3:GetObject", "*");
    const statement: fc.Arbitrary<Statement> = fc.record({
      Effect: fc.constantFrom("Allow" as const, "Allow" as const, "Deny" as const),
      Action: fc.oneof(action, fc.array(action, { minLength: 1, maxLength: 2 })),
      Resource: fc.oneof(pattern, fc.array(pattern, { minLength: 1, maxLength: 3 })),
    });
    const document: fc.Arbitrary<PolicyDocument> = fc
      .array(statement, { minLength: 1, maxLength: 4 })
      .map((statements) => ({ Version: "2012-10-17", Statement: statements }));
    const documents = fc.sample(fc.array(document, { minLength: 1, maxLength: 3 }), { numRuns: 600, seed: SEED });
    const requests = fc.sample(
      fc.tuple(
        fc.constantFrom("execute-api:Invoke", "execute-api:InvalidateCache", "s3:GetObject"),
        arn(text(["a", "b", "/", "GET"])),
      ),
      { numRuns: 6_000, seed: SEED },
    );
    const cases = requests.map(([asked, resource], i) => ({
      documents: i % documents.length,
      action: asked,
      resource,
    }));
    const decided = new Set(
      cases.map(
        (one) =>
          evaluate(documents[one.documents] ?? [], { action: one.action, resource: one.resource, context: {} }).effect,
      ),
    );
    assert.equal(decided.size, 3, "the cases reach every verdict");
    assert.deepEqual(await disagreements(documents, cases), []);
  });
});
