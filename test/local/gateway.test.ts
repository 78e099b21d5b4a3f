import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { accessLogFormat } from "../../components/secureGateway/accessLog.ts";
import { apiOf } from "../../local/gateway/api.ts";
import { authorize } from "../../local/gateway/iam.ts";
import { createGateway } from "../../local/gateway/index.ts";
import { send } from "../helpers/serve.ts";
import { echoOf, type Gateways, startGateways } from "./gatewayHarness.ts";
import { CENTRAL, CONSUMER, centralPlan, executionRole, PROOF, REGION } from "./tinyPlan.ts";

const GET = "/prod/api/2.0/mlflow/runs/get";
const CALLER = `arn:aws:sts::${CENTRAL}:assumed-role/gatehouse-vision-reader/bo@acme.example`;

const SPELLINGS = [
  "X-Gatehouse-Proof",
  "x-gatehouse-caller",
  "X_Gatehouse_Caller",
  "X-GATEHOUSE_CALLER",
  "x_gatehouse-assertion",
  "X-Gatehouse-Assertion",
].map((name) => [name, "forged"] as const);

describe("local gateway, code door", () => {
  let g: Gateways;
  before(async () => {
    g = await startGateways();
  });
  after(() => g.close());
  beforeEach(() => {
    g.records.length = 0;
  });

  it("passes an allowed call on as it came, in the caller's name", async () => {
    const path = `${GET}%20x/a:b@c?run_id=a&run_id=b&f=%20%3D&z`;
    const answer = await g.signed({
      path,
      headers: [
        ["Accept-Language", "de"],
        ["X-Two", "1"],
        ["X-Two", "2"],
        ["Expect", "100-continue"],
        ["X-HTTP-Method-Override", "DELETE"],
        ["Connection", "X-Dropped"],
        ["X-Dropped", "1"],
        ["X-Forwarded-For", "6.6.6.6"],
      ],
    });
    assert.equal(answer.status, 200);
    const seen = echoOf(answer);
    assert.equal(seen.url, path.slice("/prod".length));
    assert.equal(seen.headers.host, "mlflow.internal:8000");
    assert.equal(seen.headers["x-gatehouse-proof"], PROOF);
    assert.equal(seen.headers["x-gatehouse-caller"], CALLER);
    assert.equal(seen.headers["x-gatehouse-assertion"], "");
    assert.equal(seen.headers["x-two"], "1, 2");
    assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
    assert.match(seen.headers["x-amzn-trace-id"] ?? "", /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    for (const gone of ["authorization", "x-amz-security-token", "expect", "x-http-method-override", "x-dropped"]) {
      assert.equal(seen.headers[gone], undefined, gone);
    }
    assert.deepEqual(answer.headers["set-cookie"], ["a=1", "b=2"]);
    assert.equal(answer.headers["x-amzn-remapped-www-authenticate"], "Basic");
    assert.equal(answer.headers["www-authenticate"], undefined);
    const { time: _, requestId, ms, ...record } = g.records[0] ?? assert.fail("no record");
    assert.equal(answer.headers["x-amzn-requestid"], requestId);
    assert.ok(ms >= 0);
    assert.deepEqual(record, {
      door: "code",
      method: "GET",
      path: "/api/2.0/mlflow/runs/get%20x/a:b@c",
      person: "bo@acme.example",
      principal: CALLER,
      personas: ["reader"],
      decision: "allow",
      status: 200,
    });
  });

  it("lets no spelling of an identity header through", async () => {
    const seen = echoOf(await g.signed({ path: GET, headers: SPELLINGS }));
    const ours = seen.raw.filter((_, i) => i % 2 === 0).filter((name) => /gatehouse/i.test(name));
    assert.deepEqual(ours.sort(), ["X-Gatehouse-Assertion", "X-Gatehouse-Caller", "X-Gatehouse-Proof"]);
    assert.ok(!seen.raw.includes("forged"));
  });

  it("sends bodies, and the root resource", async () => {
    const body = Buffer.alloc(500_000, 1);
    assert.equal(
      echoOf(await g.signed({ persona: "scientist", method: "PUT", path: "/prod/api/2.0/x", body })).length,
      500_000,
    );
    assert.equal(echoOf(await g.signed({ path: "/prod/" })).url, "/");
    const head = await g.signed({ persona: "scientist", method: "HEAD", path: "/prod/api/2.0/x" });
    assert.deepEqual([head.status, head.body], [200, ""]);
  });

  it("refuses what the persona may not call, in AWS's words", async () => {
    const answer = await g.signed({ method: "POST", path: "/prod/api/2.0/mlflow/runs/create" });
    assert.equal(answer.status, 403);
    assert.equal(answer.headers["x-amzn-errortype"], "AccessDeniedException");
    assert.deepEqual(answer.json, {
      error_code: "PERMISSION_DENIED",
      message: `User: ${CALLER} is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:${REGION}:********1111:codeapi/prod/POST/api/2.0/mlflow/runs/create`,
    });
    assert.equal(answer.headers["access-control-allow-origin"], "https://ui.example");
    assert.deepEqual(
      [g.records[0]?.decision, g.records[0]?.reason],
      ["deny", "no policy of gatehouse-vision-reader allows it"],
    );
    assert.equal((await g.signed({ path: "/prod/api/2.0/mlflow/runs/get", method: "get" })).status, 403);
    assert.equal((await g.signed({ path: "/prod/API/2.0/mlflow/runs/get" })).status, 403);
  });

  it("refuses a session that is over, changed, or of a role that may not come here", async () => {
    const ended = g.sts.issue({ roleArn: g.session("reader").session.role.arn, sessionName: "bo", seconds: -1 });
    const over = await g.signed({ path: GET, credentials: ended });
    assert.deepEqual([over.status, over.headers["x-amzn-errortype"]], [403, "ExpiredTokenException"]);
    const wrongSecret = { ...g.session("reader"), secretAccessKey: "wrong" };
    assert.equal(
      (await g.signed({ path: GET, credentials: wrongSecret })).headers["x-amzn-errortype"],
      "InvalidSignatureException",
    );
    // The profile's own role: another account, and no policy for the API.
    const own = g.sts.issue({ roleArn: executionRole("reader", "bo"), sessionName: "SageMaker" });
    assert.equal((await g.signed({ path: GET, credentials: own })).status, 403);
    assert.match(g.records.at(-1)?.reason ?? "", /gatehouse-vision-bo/);
    const plain = await send(g.code.origin, { path: GET, headers: [["Authorization", "Bearer x"]] });
    assert.deepEqual([plain.status, plain.headers["x-amzn-errortype"]], [403, "IncompleteSignatureException"]);
  });

  it("answers unknown stages, routes and paths that have several spellings itself", async () => {
    const cases: [string, number, string][] = [
      ["/dev/api", 403, '{"message":"Forbidden"}'],
      ["/", 403, '{"message":"Forbidden"}'],
      ["/prodigy", 403, '{"message":"Forbidden"}'],
      [GET, 403, '{"message":"Missing Authentication Token"}'],
      ["/prod//api", 400, '{"message":"Bad Request"}'],
      ["/prod/api%2F2.0", 400, '{"message":"Bad Request"}'],
      ["/prod/%61pi", 400, '{"message":"Bad Request"}'],
      ["/prod/../prod/api", 400, '{"message":"Bad Request"}'],
      ["http://elsewhere/prod/api", 400, '{"message":"Bad Request"}'],
      [`/prod/${"a".repeat(10_300)}`, 414, '{"message":"Request-URI Too Long"}'],
    ];
    for (const [path, status, body] of cases) {
      const answer = await send(g.code.origin, { path });
      assert.deepEqual([answer.status, answer.body], [status, body], path.slice(0, 40));
    }
    const long = await send(g.code.origin, { path: GET, headers: [["X-Long", "x".repeat(10_300)]] });
    assert.equal(long.status, 431);
    assert.equal(g.records.length, cases.length + 1);
    assert.ok(g.records.every(({ decision }) => decision === "deny"));
  });
});

describe("local gateway, browser door", () => {
  let g: Gateways;
  let time = Date.now();
  const calls = async () => {
    const [folder = ""] = readdirSync(g.directory);
    return (
      (await import(pathToFileURL(join(g.directory, folder, "index.mjs")).href)) as { calls: Record<string, string>[] }
    ).calls;
  };
  before(async () => {
    g = await startGateways({ now: () => time });
  });
  after(() => g.close());
  beforeEach(() => {
    g.records.length = 0;
  });

  it("asks the declared authorizer once per token, and passes on what it signed", async () => {
    const answer = await g.bearer("ada", { path: GET, headers: SPELLINGS });
    const seen = echoOf(answer);
    assert.equal(seen.headers["x-gatehouse-assertion"], "signed.ada");
    assert.equal(seen.headers["x-gatehouse-caller"], "");
    assert.equal(seen.headers.authorization, "Bearer ada");
    assert.ok(!seen.raw.includes("forged"));
    assert.deepEqual(
      [g.records[0]?.person, g.records[0]?.personas, g.records[0]?.decision],
      ["ada", ["reader", "approver"], "allow"],
    );
    await g.bearer("ada", { method: "POST", path: "/prod/api/2.0/mlflow/runs/search" });
    const seenCalls = (await calls()).filter(({ authorizationToken }) => authorizationToken === "Bearer ada");
    assert.deepEqual(seenCalls, [
      {
        type: "TOKEN",
        authorizationToken: "Bearer ada",
        secret: "only-at-start",
        fetches: "function",
        methodArn: `arn:aws:execute-api:${REGION}:${CENTRAL}:browserapi/prod/GET/api/2.0/mlflow/runs/get`,
      },
    ]);
    assert.equal(process.env.TINY_SECRET, undefined);
    time += 61_000;
    await g.bearer("ada", { path: GET });
    assert.equal((await calls()).filter(({ authorizationToken }) => authorizationToken === "Bearer ada").length, 2);
  });

  it("judges each call by the kept policy", async () => {
    assert.equal((await g.bearer("ada", { path: GET })).status, 200);
    const refused = await g.bearer("ada", { method: "DELETE", path: GET });
    assert.equal(refused.status, 403);
    assert.deepEqual(refused.json, { error_code: "PERMISSION_DENIED", message: 'not "allowed", sorry' });
    const silent = await g.bearer("silent", { path: GET });
    assert.deepEqual(silent.json, { message: "User is not authorized to access this resource with an explicit deny" });
  });

  it("answers 401 without a token, and 500 when the authorizer fails", async () => {
    const before = (await calls()).length;
    for (const headers of [
      [],
      [["Authorization", ""]],
      [["Authorization", "Basic abc"]],
      [["Authorization", "Bearer a b"]],
      [
        ["Authorization", "Bearer a"],
        ["authorization", "Bearer b"],
      ],
    ] as [string, string][][]) {
      const answer = await send(g.browser.origin, { path: GET, headers });
      assert.deepEqual([answer.status, answer.body], [401, '{"message":"Unauthorized"}'], JSON.stringify(headers));
    }
    assert.equal((await calls()).length, before);
    assert.deepEqual((await g.bearer("bad", { path: GET })).json, { message: "Unauthorized" });
    for (const [word, type] of [
      ["crash", "AuthorizerFailureException"],
      ["nonsense", "AuthorizerConfigurationException"],
      ["nested", "AuthorizerConfigurationException"],
    ] as const) {
      const answer = await g.bearer(word, { path: GET });
      assert.deepEqual(
        [answer.status, answer.body, answer.headers["x-amzn-errortype"]],
        [500, '{"message":null}', type],
      );
    }
    // Failures aren't kept.
    await g.bearer("crash", { path: GET });
    assert.equal((await calls()).filter(({ authorizationToken }) => authorizationToken === "Bearer crash").length, 2);
  });

  it("answers OPTIONS from the declared mock, without the upstream", async () => {
    const answer = await send(g.browser.origin, { method: "OPTIONS", path: GET });
    assert.deepEqual(
      [answer.status, answer.body, answer.headers["access-control-allow-origin"]],
      [204, "", "https://ui.example"],
    );
    assert.equal((await send(g.code.origin, { method: "OPTIONS", path: GET })).status, 403);
  });
});

describe("local gateway, UI on this machine", () => {
  it("allows the UI's own origin in place of the declared one", async () => {
    const g = await startGateways({ settings: { uiOrigin: "http://127.0.0.1:8084" } });
    try {
      const answers = [
        await send(g.browser.origin, { method: "OPTIONS", path: GET }),
        await g.bearer("denied", { path: GET }),
      ];
      for (const { headers } of answers) assert.equal(headers["access-control-allow-origin"], "http://127.0.0.1:8084");
    } finally {
      await g.close();
    }
  });
});

describe("local gateway, resource policy", () => {
  it("denies by it whatever the caller's own policies say", async () => {
    const g = await startGateways({
      code: {
        policy: [
          { Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" },
          {
            Sid: "Mine",
            Effect: "Deny",
            Principal: "*",
            Action: "execute-api:Invoke",
            Resource: "execute-api:/prod/GET/api/2.0/mlflow/runs/*",
            Condition: { ArnNotLike: { "aws:PrincipalArn": `arn:aws:iam::${CENTRAL}:role/other/*` } },
          },
        ],
      },
    });
    try {
      const denied = await g.signed({ path: GET });
      assert.match(String(denied.json.message), /with an explicit deny$/);
      assert.match(g.records[0]?.reason ?? "", /resource policy denies it \(Mine\)/);
      assert.equal((await g.signed({ path: "/prod/api/2.0/mlflow/experiments/get" })).status, 200);
      // Another account: the resource policy allows, its own policies don't.
      const own = g.sts.issue({ roleArn: executionRole("reader", "bo"), sessionName: "SageMaker" });
      assert.equal(own.session.role.account, CONSUMER);
      assert.equal((await g.signed({ path: "/prod/api/2.0/mlflow/experiments/get", credentials: own })).status, 403);
    } finally {
      await g.close();
    }
  });
});

describe("local gateway, permissions boundary", () => {
  it("limits what a role gets from the API's resource policy, too, as does a deny of its own", async () => {
    const g = await startGateways();
    try {
      const policy = [{ Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" }];
      const api = apiOf(centralPlan({ code: { policy } }), "code");
      const { session } = g.session("reader");
      const arn = `${api.executionArn}/${api.stage}/POST/api/2.0/mlflow/runs/create`;
      const settings = { sts: g.sts, now: Date.now, lenient: false, context: {} };
      authorize(api, session, arn, settings);
      const bounded = {
        ...session,
        role: { ...session.role, boundary: { Version: "2012-10-17", Statement: [] } },
      } as const;
      const deny = { Effect: "Deny", Action: "execute-api:Invoke", Resource: "*" } as const;
      const refused = {
        ...session,
        role: { ...session.role, policies: [{ Version: "2012-10-17", Statement: [deny] }] },
      } as const;
      assert.throws(() => authorize(api, refused, arn, settings), /a policy of gatehouse-vision-reader denies it/);
      assert.throws(() => authorize(api, bounded, arn, settings), /no policy of gatehouse-vision-reader allows it/);
    } finally {
      await g.close();
    }
  });
});

describe("local gateway, access log", () => {
  it("has for each request the line that the stack's own stage declares", async () => {
    const format = accessLogFormat("code");
    const g = await startGateways({ code: { accessLog: format } });
    try {
      await g.signed({ path: GET });
      await g.signed({ method: "DELETE", path: GET });
      const [allowed, denied] = g.records.map(({ accessLog }) => accessLog ?? assert.fail());
      assert.deepEqual(Object.keys(allowed ?? {}), Object.keys(JSON.parse(format) as object));
      assert.deepEqual(
        [allowed?.door, allowed?.method, allowed?.status, allowed?.errorType],
        ["code", "GET", "200", "-"],
      );
      assert.match(allowed?.caller ?? "", /:assumed-role\/gatehouse-vision-reader\//);
      assert.deepEqual([denied?.status, denied?.errorType], ["403", "ACCESS_DENIED"]);
    } finally {
      await g.close();
    }
  });
});

describe("local gateway, private API", () => {
  for (const [what, vpcEndpointIds, status] of [
    ["takes what comes through its endpoint", ["vpce-0a1b2c3d", "vpce-1a1b2c3d"], 200],
    ["refuses what doesn't", undefined, 403],
  ] as const)
    it(what, async () => {
      const through = { StringNotEquals: { "aws:SourceVpce": ["vpce-0a1b2c3d", "vpce-1a1b2c3d"] } };
      const deny = { Effect: "Deny", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
      const policy = [{ Sid: "VpcEndpointsOnly", ...deny, Condition: through }];
      const g = await startGateways({ code: { policy, ...(vpcEndpointIds ? { vpcEndpointIds } : {}) } });
      try {
        assert.equal((await g.signed({ path: GET })).status, status);
      } finally {
        await g.close();
      }
    });
});

describe("local gateway, resource policy of the browser door", () => {
  it("denies what the authorizer allows", async () => {
    const policy = [
      { Effect: "Deny", Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/prod/GET/*" },
    ];
    const g = await startGateways({ browser: { policy } });
    try {
      assert.equal((await g.bearer("ada", { path: GET })).status, 403);
      assert.equal(g.records[0]?.reason, "the API's resource policy denies it");
      assert.equal((await g.bearer("ada", { method: "POST", path: GET })).status, 200);
    } finally {
      await g.close();
    }
  });
});

describe("local gateway, what it refuses to serve", () => {
  const declare = (change: (inputs: Record<string, unknown>, type: string) => Record<string, unknown>) => {
    const plan = centralPlan();
    const resources = plan.resources.map((one) => ({ ...one, inputs: change({ ...one.inputs }, one.type) }));
    const sts = { credentialFor: () => assert.fail(), organizations: {} };
    return () =>
      createGateway({ plan: { ...plan, resources }, api: "code", upstream: new URL("http://127.0.0.1:9"), sts });
  };
  it("names what the plan declares in a way that it would serve differently from AWS", () => {
    const cases: [RegExp, Parameters<typeof declare>[0]][] = [
      [
        /without authorization may only have a MOCK/,
        (i, t) => (t.endsWith(":Method") ? { ...i, authorization: "NONE" } : i),
      ],
      [
        /authorization COGNITO_USER_POOLS is not supported/,
        (i, t) => (t.endsWith(":Method") ? { ...i, authorization: "COGNITO_USER_POOLS" } : i),
      ],
      [/API keys/, (i, t) => (t.endsWith(":Method") ? { ...i, apiKeyRequired: true } : i)],
      [/type AWS_PROXY are not supported/, (i, t) => (t.endsWith(":Integration") ? { ...i, type: "AWS_PROXY" } : i)],
      [
        /maps a source that is not supported/,
        (i, t) =>
          t.endsWith(":Integration") && i.type === "HTTP_PROXY"
            ? { ...i, requestParameters: { "integration.request.header.X": "method.request.header.Y" } }
            : i,
      ],
      [/OpenAPI body/, (i, t) => (t.endsWith(":RestApi") ? { ...i, body: "{}" } : i)],
      [/Version must be/, (i, t) => (t.endsWith(":RestApi") ? { ...i, policy: "{}" } : i)],
    ];
    for (const [message, change] of cases) assert.throws(declare(change), message);
  });
});
