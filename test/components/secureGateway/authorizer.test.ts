import assert from "node:assert/strict";
import { SHIPPED_PERSONAS } from "../../../authorizer/catalogue/personas.ts";
import { codeDocuments } from "../../../authorizer/policy/compile.ts";
import { policySize } from "../../../authorizer/policy/document.ts";
import type { Run } from "../record.ts";
import { centralRun, object, policy } from "../stacks.ts";
import { BROWSER, CODE } from "./declared.ts";

describe("SecureGateway: who decides, and by which documents", () => {
  let run: Run;
  before(async () => {
    run = await centralRun();
  });

  it("reads a JWT from the Authorization header and asks the function for nothing else", () => {
    const { inputs } = run.one("aws:apigateway/authorizer:Authorizer");
    assert.deepEqual(
      [inputs.type, inputs.identitySource, inputs.authorizerResultTtlInSeconds],
      ["TOKEN", "method.request.header.Authorization", 300],
    );
    const expression = new RegExp(String(inputs.identityValidationExpression));
    assert.ok(expression.test("Bearer aGVh.cGF5.c2ln"));
    for (const token of [
      "bearer a.b.c",
      "Bearer a.b",
      "Bearer a.b.c d",
      "Basic a.b.c",
      "Bearer a.b.c\n",
      "Bearer  a.b.c",
    ])
      assert.ok(!expression.test(token), token);
  });

  it("declares the authorizer's function as it runs, and lets this API's authorizer alone call it", () => {
    const { inputs, state } = run.one("aws:lambda/function:Function");
    assert.deepEqual(
      [inputs.runtime, inputs.architectures, inputs.handler],
      ["nodejs24.x", ["arm64"], "index.handler"],
    );
    const { archive } = inputs.code as { archive: Record<string, string> };
    assert.deepEqual(Object.keys(archive), ["index.mjs", "personas.json"]);
    assert.deepEqual(JSON.parse(archive["personas.json"] ?? ""), SHIPPED_PERSONAS);
    const variables = object(object(inputs.environment).variables);
    assert.deepEqual(JSON.parse(String(variables.GATEHOUSE_USER_POOLS)), [
      { userPoolId: run.outputs.userPoolId, clientIds: [run.outputs.userPoolClientId], personClaim: "username" },
    ]);
    assert.equal(variables.GATEHOUSE_CACHE_SECONDS, "300");
    assert.match(String(variables.GATEHOUSE_ASSERTION_KEY), /^[A-Za-z0-9]{48}$/);
    const permission = run.one("aws:lambda/permission:Permission").inputs;
    const api = run.one("aws:apigateway/restApi:RestApi", BROWSER).state;
    assert.deepEqual(
      [permission.function, permission.principal, permission.sourceArn],
      [
        state.name,
        "apigateway.amazonaws.com",
        `${String(api.executionArn)}/authorizers/${String(run.one("aws:apigateway/authorizer:Authorizer").state.id)}`,
      ],
    );
    const rights = policy(run.one("aws:iam/rolePolicy:RolePolicy", `${BROWSER}-authorizer`).inputs.policy).Statement;
    assert.deepEqual(
      rights.map(({ Action }) => Action),
      [["logs:CreateLogStream", "logs:PutLogEvents"], "kms:Decrypt", "dynamodb:GetItem"],
    );
  });

  it("grants each persona exactly what the catalogue compiles to, within IAM's size", () => {
    const api = run.one("aws:apigateway/restApi:RestApi", CODE).state;
    const arns = run.outputs.personaPolicyArns as Record<string, string[]>;
    for (const persona of SHIPPED_PERSONAS) {
      const declared = (arns[persona.name] ?? []).map((arn) => {
        const found = run.all("aws:iam/policy:Policy").find((each) => each.state.arn === arn);
        assert.match(found?.name ?? "", new RegExp(`^gatehouse-${persona.name}-\\d+$`));
        assert.equal(found?.inputs.path, "/gatehouse/");
        return policy(found?.inputs.policy);
      });
      assert.deepEqual(declared, codeDocuments(persona, `${String(api.executionArn)}/prod`));
      for (const document of declared) assert.ok(policySize(document as never) <= 6144);
    }
  });

  it("tags a policy with a digest of what it grants, whatever API and account it is for", async () => {
    const elsewhere = await centralRun({ account: "999999999999", gateway: { stage: "live" } });
    const digests = (each: Run) =>
      Object.fromEntries(
        each.all("aws:iam/policy:Policy").map(({ name, inputs }) => [name, object(inputs.tags)["gatehouse:digest"]]),
      );
    assert.deepEqual(digests(elsewhere), digests(run));
    assert.equal(elsewhere.outputs.catalogueDigest, run.outputs.catalogueDigest);
    const narrowed = await centralRun({ personas: { scientist: { mayNot: ["dataset:delete"] } } });
    assert.notEqual(narrowed.outputs.catalogueDigest, run.outputs.catalogueDigest);
  });
});
