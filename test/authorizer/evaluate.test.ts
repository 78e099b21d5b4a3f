import assert from "node:assert/strict";
import fc from "fast-check";
import type { PolicyDocument, Statement } from "../../authorizer/policy/document.ts";
import { evaluate, type Request } from "../../authorizer/policy/evaluate.ts";
import { arnMatches, globMatches } from "../../authorizer/policy/glob.ts";

const document = (...statements: Statement[]): PolicyDocument => ({ Version: "2012-10-17", Statement: statements });
const request = (more: Partial<Request> = {}): Request => ({
  action: "execute-api:Invoke",
  resource: "arn:aws:execute-api:eu-west-1:111111111111:api/prod/GET/a/b",
  context: {},
  ...more,
});
const allow = (more: Partial<Statement> = {}): Statement => ({
  Effect: "Allow",
  Action: "execute-api:Invoke",
  Resource: "*",
  ...more,
});
const effect = (statements: Statement[], more: Partial<Request> = {}) =>
  evaluate([document(...statements)], request(more)).effect;

describe("evaluating documents", () => {
  it("denies by default", () => assert.equal(effect([]), "implicitDeny"));
  it("allows what a statement allows", () => assert.equal(effect([allow()]), "allow"));
  it("lets a deny win, wherever it stands", () => {
    const deny: Statement = { ...allow(), Effect: "Deny" };
    assert.equal(effect([allow(), deny]), "explicitDeny");
    assert.equal(effect([deny, allow()]), "explicitDeny");
    assert.equal(evaluate([document(allow()), document(deny)], request()).effect, "explicitDeny");
  });
  it("compares actions without letter case, resources with it", () => {
    assert.equal(effect([allow({ Action: "EXECUTE-API:invoke" })]), "allow");
    assert.equal(effect([allow({ Resource: request().resource.toUpperCase() })]), "implicitDeny");
  });
  it("lets a star of a resource cross slashes but no colon field", () => {
    assert.equal(effect([allow({ Resource: "arn:aws:execute-api:eu-west-1:111111111111:api/prod/GET/*" })]), "allow");
    assert.equal(effect([allow({ Resource: "arn:aws:execute-api:*:api/prod/GET/a/b" })]), "implicitDeny");
  });
  it("names the statement that decided", () => {
    const verdict = evaluate([document(allow({ Action: "s3:*" }), allow({ Sid: "Second" }))], request());
    assert.deepEqual(verdict, { effect: "allow", document: 0, statement: 1, sid: "Second" });
  });

  describe("fails closed on what it doesn't know", () => {
    const unknown: Partial<Statement>[] = [
      { Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } },
      { Condition: { StringEquals: { "aws:PrincipalTag/x": "${aws:Unheard}" } } },
      { Resource: "arn:aws:execute-api:eu-west-1:111111111111:api/prod/GET/${aws:Unheard}" },
      { Condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": ["a"] } } },
      { Unheard: true } as unknown as Partial<Statement>,
    ];
    for (const more of unknown)
      it(JSON.stringify(more), () => {
        const context = { "aws:SourceIp": "192.0.2.1", "aws:PrincipalTag/x": "y", "aws:TagKeys": ["b"] };
        assert.equal(effect([allow(more)], { context }), "implicitDeny");
        assert.equal(effect([allow(), { ...allow(more), Effect: "Deny" }], { context }), "explicitDeny");
      });
  });

  describe("conditions", () => {
    const cases: readonly [NonNullable<Statement["Condition"]>, Request["context"], boolean][] = [
      [{ StringEquals: { "sts:ExternalId": "x" } }, { "sts:ExternalId": "x" }, true],
      [{ StringEquals: { "sts:ExternalId": "x" } }, { "sts:ExternalId": "X" }, false],
      [{ StringEquals: { "sts:ExternalId": "x" } }, {}, false],
      [{ StringEquals: { "STS:externalid": ["a", "x"] } }, { "sts:ExternalId": "x" }, true],
      [{ StringNotEquals: { "a:b": "x" } }, {}, true],
      [{ StringNotEquals: { "a:b": ["x", "y"] } }, { "a:b": "y" }, false],
      [{ StringEqualsIfExists: { "a:b": "x" } }, {}, true],
      [{ "ForAllValues:StringEquals": { "a:b": ["x", "y"] } }, { "a:b": ["y", "x"] }, true],
      [{ "ForAllValues:StringEquals": { "a:b": ["x", "y"] } }, { "a:b": ["y", "z"] }, false],
      [{ "ForAllValues:StringEquals": { "a:b": "x" } }, {}, true],
      [{ StringEquals: { "a:b": "x" } }, { "a:b": ["x", "y"] }, false],
      [{ StringNotEquals: { "a:b": "z" } }, { "a:b": ["x", "y"] }, false],
      [{ Null: { "a:b": "true" } }, {}, true],
      [{ Null: { "a:b": "false" } }, {}, false],
      [
        { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::2:role/gatehouse/reader/*" } },
        { "aws:PrincipalArn": "arn:aws:iam::2:role/gatehouse/reader/x" },
        true,
      ],
      [
        { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::2:role/gatehouse/reader/*" } },
        { "aws:PrincipalArn": "arn:aws:iam::3:role/gatehouse/reader/x" },
        false,
      ],
      [
        { StringEquals: { "sts:RoleSessionName": "${aws:PrincipalTag/gatehouse:person}" } },
        { "sts:RoleSessionName": "ada", "aws:PrincipalTag/gatehouse:person": "ada" },
        true,
      ],
      [
        { StringEquals: { "sts:RoleSessionName": "${aws:PrincipalTag/gatehouse:person}" } },
        { "sts:RoleSessionName": "ada", "aws:PrincipalTag/gatehouse:person": "bo" },
        false,
      ],
      [
        { StringLike: { "sts:RoleSessionName": "${aws:PrincipalTag/p}" } },
        { "sts:RoleSessionName": "ada", "aws:PrincipalTag/p": "*" },
        false,
      ],
      [{ Bool: { "aws:SecureTransport": "false" } }, { "aws:SecureTransport": "true" }, false],
    ];
    for (const [condition, context, holds] of cases)
      it(`${JSON.stringify(condition)} ${holds ? "holds" : "does not hold"} for ${JSON.stringify(context)}`, () =>
        assert.equal(effect([allow({ Condition: condition })], { context }) === "allow", holds));
  });

  it("reads an account as its root, and a wildcard principal as anybody", () => {
    const principal = { type: "AWS", id: "arn:aws:iam::222222222222:role/x", account: "222222222222" } as const;
    for (const [element, allowed] of [
      [{ AWS: "arn:aws:iam::222222222222:root" }, true],
      [{ AWS: "222222222222" }, true],
      [{ AWS: "arn:aws:iam::333333333333:root" }, false],
      [{ AWS: principal.id }, true],
      [{ Service: "sagemaker.amazonaws.com" }, false],
      ["*", true],
    ] as const)
      assert.equal(
        effect([allow({ Principal: element })], { principal }) === "allow",
        allowed,
        JSON.stringify(element),
      );
  });
});

describe("matching globs", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "?", ":"), maxLength: 12 });

  it("agrees with a regular expression", () => {
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        const source = pattern
          .replaceAll(/[.+^${}()|[\]\\/]/g, "\\$&")
          .replaceAll("*", "[^]*")
          .replaceAll("?", "[^]");
        assert.equal(globMatches(pattern, text), new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it("takes linear time on patterns that make regular expressions explode", () => {
    const start = process.cpuUsage().user;
    assert.equal(globMatches("*a".repeat(40), "a".repeat(39)), false);
    assert.equal(globMatches(`${"a*".repeat(40)}b`, "a".repeat(20_000)), false);
    assert.ok(process.cpuUsage(undefined).user - start < 2_000_000);
  });

  it("never lets a star cross into another field of an ARN", () => {
    assert.ok(!arnMatches("arn:aws:iam::*:role/x", "arn:aws:iam::1:policy:role/x"));
    assert.ok(arnMatches("*", "not-an-arn"));
    assert.ok(!arnMatches("arn:*", "arn:aws:iam::1:role/x"));
  });
});
