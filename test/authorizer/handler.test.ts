import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { FetchError } from "aws-jwt-verify/error";
import fc from "fast-check";
import { SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import { type AccessPolicy, DEPLOYED_ALONE } from "../../authorizer/identity/accessPolicy.ts";
import { type AuthorizerEvent, authorizer } from "../../authorizer/lambda/handler.ts";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import { ASSERTION_KEY, type TestPool, testPool } from "../helpers/tokens.ts";

const STAGE = "arn:aws:execute-api:eu-west-1:111111111111:abcdefghij/prod";
const METHOD_ARN = `${STAGE}/GET/ajax-api/2.0/mlflow/runs/get`;

describe("the Lambda authorizer", () => {
  let pool: TestPool;
  let handle: ReturnType<typeof authorizer>;
  before(async () => {
    pool = await testPool();
    handle = made(pool);
  });
  const made = (of: TestPool, more: Partial<Parameters<typeof authorizer>[0]> = {}) =>
    authorizer({
      userPools: [{ userPoolId: of.userPoolId, clientIds: [of.clientId] }],
      personas: SHIPPED_PERSONAS,
      assertionKey: ASSERTION_KEY,
      cacheSeconds: 300,
      fetchJwks: of.fetchJwks,
      ...more,
    });
  const event = (token: string): AuthorizerEvent => ({
    type: "TOKEN",
    authorizationToken: `Bearer ${token}`,
    methodArn: METHOD_ARN,
  });
  const may = async (token: string, method: string, path: string) => {
    const { policyDocument } = await handle(event(token));
    return evaluate([policyDocument], {
      action: "execute-api:Invoke",
      resource: `${STAGE}/${method}${path}`,
      context: {},
    }).effect;
  };
  const unauthorized = (attempt: Promise<unknown>) =>
    assert.rejects(attempt, (error: Error) => error.message === "Unauthorized");

  it("answers a good token with the whole API of its persona and a signed identity", async () => {
    const { principalId, context, policyDocument } = await handle(event(await pool.token()));
    assert.equal(principalId, "ada@acme.example");
    assert.equal(context.personas, "scientist");
    assert.ok(policyDocument.Statement.every((statement) => statement.Effect === "Allow"));
    const [payload = "", signature] = (context.assertion ?? "").split(".");
    assert.equal(signature, createHmac("sha256", ASSERTION_KEY).update(payload).digest("base64url"));
    const assertion = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    assert.deepEqual(
      { ...assertion, exp: 0 },
      { sub: "ada@acme.example", personas: ["scientist"], groups: ["scientists", "team-vision"], exp: 0 },
    );
  });

  it("ends the assertion with the token, and soon after the cached answer", async () => {
    const now = Math.floor(Date.now() / 1000);
    const expiry = async (exp: number) => {
      const { context } = await handle(event(await pool.token({ exp })));
      return (
        JSON.parse(Buffer.from((context.assertion ?? "").split(".")[0] ?? "", "base64url").toString()) as {
          exp: number;
        }
      ).exp;
    };
    assert.equal(await expiry(now + 30), now + 30);
    assert.ok(Math.abs((await expiry(now + 3600)) - (now + 360)) <= 1);
  });

  it("gives a person in several groups the union", async () => {
    const token = await pool.token({ "cognito:groups": ["scientists", "model-approvers"] });
    assert.equal(await may(token, "POST", "/ajax-api/2.0/mlflow/runs/create"), "allow");
    assert.equal(await may(token, "POST", "/ajax-api/2.0/mlflow/registered-models/alias"), "allow");
    assert.equal(await may(token, "DELETE", "/ajax-api/2.0/mlflow/registered-models/delete"), "implicitDeny");
  });

  for (const groups of [
    [],
    ["team-vision"],
    undefined,
    "admins",
    { 0: "admins" },
    ["ADMINS"],
    ["admins "],
    [["admins"]],
  ])
    it(`denies groups ${JSON.stringify(groups)} with a sentence, and signs nothing`, async () => {
      const { policyDocument, context } = await handle(event(await pool.token({ "cognito:groups": groups })));
      assert.deepEqual(policyDocument.Statement, [
        { Effect: "Deny", Action: "execute-api:Invoke", Resource: `${STAGE}/*` },
      ]);
      assert.match(context.message, /is in no group that may use MLflow: ask/);
      assert.equal(context.assertion, undefined);
    });

  for (const username of ["Ada", "a", "", "a b", "a,b", "x".repeat(65), "ada\n", undefined, 7, "ada#platform-admin"])
    it(`denies the user name ${JSON.stringify(username)}`, async () => {
      const { policyDocument, context } = await handle(event(await pool.token({ username })));
      assert.equal(policyDocument.Statement[0]?.Effect, "Deny");
      assert.equal(context.assertion, undefined);
    });

  describe("says 401 to", () => {
    const soon = () => Math.floor(Date.now() / 1000);
    const attacks: Record<string, () => Promise<string>> = {
      "an expired token": () => pool.token({ exp: soon() - 1 }),
      "a token of tomorrow": () => pool.token({ nbf: soon() + 600 }),
      "a token without expiry": () => pool.token({ exp: undefined }),
      "another client's token": () => pool.token({ client_id: "otherclient" }),
      "another issuer's token": () =>
        pool.token({ iss: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other" }),
      "an ID token": () => pool.token({ token_use: "id", aud: pool.clientId }),
      "a token without use": () => pool.token({ token_use: undefined }),
      "a forged signature": async () =>
        (await (await testPool()).token()).replace(/^[^.]+/, (await pool.token()).split(".")[0] ?? ""),
      "an unknown key": () => pool.token({}, { kid: "unknown" }),
      "no key id": () => pool.token({}, { kid: undefined }),
      "a changed payload": async () => {
        const [head = "", , tail = ""] = (await pool.token()).split(".");
        return `${head}.${Buffer.from(JSON.stringify({ ...pool.claims, "cognito:groups": ["admins"] })).toString("base64url")}.${tail}`;
      },
      "alg none": async () => {
        const [, payload = ""] = (await pool.token()).split(".");
        return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.AA`;
      },
      "HS256 with the public key": async () => {
        const payload = Buffer.from(JSON.stringify(pool.claims)).toString("base64url");
        const head = Buffer.from(JSON.stringify({ alg: "HS256", kid: `key of ${pool.userPoolId}` })).toString(
          "base64url",
        );
        const key = new Uint8Array(await pool.fetchJwks.fetch(`${pool.issuer}/.well-known/jwks.json`));
        return `${head}.${payload}.${createHmac("sha256", key).update(`${head}.${payload}`).digest("base64url")}`;
      },
      "a stripped signature": async () => (await pool.token()).replace(/\.[^.]+$/, "."),
    };
    for (const [name, token] of Object.entries(attacks))
      it(name, async () => unauthorized(handle(event(await token()))));

    const events: Record<string, unknown> = {
      "no token": {},
      null: { authorizationToken: null },
      "a number": { authorizationToken: 7 },
      Basic: { authorizationToken: "Basic YTpi" },
      "no method ARN": { authorizationToken: "Bearer a.b.c", methodArn: undefined },
      "a foreign method ARN": { authorizationToken: "Bearer a.b.c", methodArn: "arn:aws:s3:::x" },
    };
    for (const [name, more] of Object.entries(events))
      it(`an event with ${name}`, () =>
        unauthorized(handle({ type: "TOKEN", methodArn: METHOD_ARN, ...(more as object) })));

    it("a REQUEST event with two tokens", async () => {
      const [one, two] = [await pool.token(), await pool.token({ username: "bo@acme.example" })];
      const headers = { Authorization: `Bearer ${one}` };
      await unauthorized(
        handle({
          type: "REQUEST",
          methodArn: METHOD_ARN,
          headers,
          multiValueHeaders: { authorization: [`Bearer ${one}`, `Bearer ${two}`] },
        }),
      );
    });
  });

  it("takes a REQUEST event's header in any letter case", async () => {
    const answer = await handle({
      type: "REQUEST",
      methodArn: METHOD_ARN,
      headers: { aUTHORIZATION: `bearer ${await pool.token()}` },
    });
    assert.equal(answer.context.personas, "scientist");
  });

  it("never answers anything but a document or Unauthorized, whatever comes", async () => {
    const good = await pool.token();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.anything(),
          fc.string().map((text) => `Bearer ${text}`),
          fc.nat(good.length - 1).map((at) => `Bearer ${good.slice(0, at)}${good.slice(at + 1)}`),
        ),
        async (token) => {
          await handle({ type: "TOKEN", authorizationToken: token, methodArn: METHOD_ARN }).then(
            (answer) => assert.fail(`allowed ${String(token)}: ${JSON.stringify(answer.context)}`),
            (error: Error) => assert.equal(error.message, "Unauthorized"),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("fetches the key set once for many tokens", async () => {
    const fresh = await testPool();
    const once = made(fresh);
    for (let i = 0; i < 5; i++) await once(event(await fresh.token({ iat: 1000 + i })));
    assert.equal(fresh.fetchJwks.calls, 1);
  });

  it("fails, and says no 401, when the key set can't be reached: nobody is allowed, and the operator sees why", async () => {
    const gone = made(pool, { fetchJwks: { fetch: (uri) => Promise.reject(new FetchError(uri, "unreachable")) } });
    await assert.rejects(gone(event(await pool.token())), (error: Error) => error.message !== "Unauthorized");
  });

  it("accepts several pools and clients", async () => {
    const second = await testPool("eu-west-1_TestPool2", "testclient2");
    const fetchJwks = { fetch: (uri: string) => (uri.includes("TestPool2") ? second : pool).fetchJwks.fetch(uri) };
    const userPools = [
      { userPoolId: pool.userPoolId, clientIds: [pool.clientId, "another"] },
      { userPoolId: second.userPoolId, clientIds: [second.clientId] },
    ];
    const both = made(pool, { userPools, fetchJwks });
    for (const token of [await pool.token(), await pool.token({ client_id: "another" }), await second.token()])
      assert.equal((await both(event(token))).principalId, "ada@acme.example");
    await unauthorized(both(event(await second.token({ client_id: pool.clientId }))));
  });

  it("counts what an administrator changed at once, for groups whose answer is kept", async () => {
    let policy: AccessPolicy = DEPLOYED_ALONE;
    const changing = made(pool, { accessPolicy: () => Promise.resolve(policy) });
    const create = async () => {
      const answer = await changing(event(await pool.token()));
      const resource = `${STAGE}/POST/ajax-api/2.0/mlflow/runs/create`;
      const { effect } = evaluate([answer.policyDocument], { action: "execute-api:Invoke", resource, context: {} });
      return [effect, answer.context.assertion !== undefined, answer.context.message];
    };
    assert.deepEqual((await create()).slice(0, 2), ["allow", true]);
    policy = { ...DEPLOYED_ALONE, item: 1, mayNot: { scientist: ["run:write"] } };
    assert.deepEqual((await create()).slice(0, 2), ["implicitDeny", true]);
    policy = { ...DEPLOYED_ALONE, item: 2, groups: { scientist: ["others"] } };
    assert.deepEqual((await create()).slice(0, 2), ["explicitDeny", false]);
    policy = { ...DEPLOYED_ALONE, item: 3, revoked: { "ada@acme.example": "2026-11-25T10:00:00Z" } };
    assert.deepEqual(await create(), ["explicitDeny", false, "your access was revoked: ask the platform team"]);
    policy = { ...DEPLOYED_ALONE, item: 4 };
    assert.deepEqual((await create()).slice(0, 2), ["allow", true]);
  });

  it("refuses to start without pool, client or a real assertion key", () => {
    assert.throws(() => made(pool, { userPools: [] }));
    assert.throws(() => made(pool, { userPools: [{ userPoolId: pool.userPoolId, clientIds: [] }] }));
    assert.throws(() => made(pool, { assertionKey: "short" }));
  });
});
