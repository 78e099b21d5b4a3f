import assert from "node:assert/strict";
import type { Run } from "../record.ts";
import { centralRun, object, policy } from "../stacks.ts";
import { BROWSER, CODE } from "./declared.ts";

describe("SecureGateway: how a door is served", () => {
  let run: Run;
  before(async () => {
    run = await centralRun();
  });

  it("writes one line of JSON per request that holds nothing a client writes freely", () => {
    for (const { inputs } of run.all("aws:apigateway/stage:Stage")) {
      const format = String(object(inputs.accessLogSettings).format);
      assert.ok(format.length <= 3072 && !format.includes("\n"));
      const fields = JSON.parse(format) as Record<string, string>;
      assert.equal(fields.requestId, "$context.extendedRequestId");
      for (const key of ["door", "person", "personas", "path", "status", "authorizeError"]) assert.ok(fields[key], key);
      for (const free of ["userAgent", "requestOverride", "X-"]) assert.ok(!format.includes(free), free);
    }
  });

  it("throttles, writes no bodies to logs, and serves a change by a new deployment", async () => {
    for (const { inputs } of run.all("aws:apigateway/methodSettings:MethodSettings")) {
      assert.equal(inputs.methodPath, "*/*");
      assert.deepEqual(inputs.settings, {
        throttlingRateLimit: 200,
        throttlingBurstLimit: 400,
        metricsEnabled: true,
        loggingLevel: "OFF",
        dataTraceEnabled: false,
      });
    }
    const trigger = (each: Run) =>
      object(each.one("aws:apigateway/deployment:Deployment", BROWSER).inputs.triggers).redeployment;
    assert.match(String(trigger(run)), /^[0-9a-f]{64}$/);
    assert.equal(trigger(await centralRun()), trigger(run));
    assert.notEqual(trigger(await centralRun({ ui: { domain: "other.acme.example" } })), trigger(run));
    assert.notEqual(trigger(await centralRun({ gateway: { tokenCacheSeconds: 0 } })), trigger(run));
  });

  it("puts a web ACL in front of both doors, and leaves the account's log role to another stack, when told so", async () => {
    const acl = "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/mlflow/1";
    const walled = await centralRun({ gateway: { webAclArn: acl, logRole: false } });
    const associations = walled.all("aws:wafv2/webAclAssociation:WebAclAssociation");
    assert.deepEqual(
      associations.map(({ inputs }) => inputs.webAclArn),
      [acl, acl],
    );
    assert.deepEqual(walled.all("aws:apigateway/account:Account"), []);
    assert.deepEqual(run.all("aws:wafv2/webAclAssociation:WebAclAssociation"), []);
    assert.equal(run.all("aws:apigateway/account:Account").length, 1);
  });

  const NAMED = {
    name: "mlflow-api.acme.example",
    certificateArn: "arn:aws:acm:eu-west-1:111111111111:certificate/8f2c1a",
    hostedZoneId: "Z0123456789ABCDEFGHIJ",
  };

  it("counts requests by session at both doors where a setting says so, and keeps no sample of a token", async () => {
    const limited = await centralRun({ gateway: { requestsPerSession: 6000 } });
    const { inputs, state } = limited.one("aws:wafv2/webAcl:WebAcl");
    const associations = limited.all("aws:wafv2/webAclAssociation:WebAclAssociation");
    assert.deepEqual(
      associations.map(({ inputs: { webAclArn } }) => webAclArn),
      [state.arn, state.arn],
    );
    assert.deepEqual([inputs.scope, inputs.defaultAction], ["REGIONAL", { allow: {} }]);
    const rules = (inputs.rules as Record<string, unknown>[]).map(object);
    const counted = rules.map(({ statement }) => object(object(statement).rateBasedStatement));
    assert.deepEqual(
      counted.map(({ limit, evaluationWindowSec, aggregateKeyType }) => [limit, evaluationWindowSec, aggregateKeyType]),
      rules.map(() => [6000, 300, "CUSTOM_KEYS"]),
    );
    const keys = counted.map(({ customKeys }) => {
      const [key, ...others] = customKeys as Record<string, { name: string }>[];
      assert.deepEqual(others, []);
      return Object.entries(key ?? {}).map(([where, { name }]) => `${where} ${name}`);
    });
    assert.deepEqual(keys.flat(), [
      "header authorization",
      "header x-amz-security-token",
      "queryArgument x-amz-security-token",
    ]);
    for (const each of [inputs, ...rules]) assert.equal(object(each.visibilityConfig).sampledRequestsEnabled, false);
    assert.deepEqual(run.all("aws:wafv2/webAcl:WebAcl"), []);
  });

  it("gives a door a name of the company's own, without the stage, and then no other address", async () => {
    const named = await centralRun({
      gateway: {
        code: { domain: NAMED },
        browser: { domain: { ...NAMED, name: "b.acme.example", hostedZoneId: null } },
      },
    });
    assert.deepEqual(
      [named.outputs.trackingUri, named.outputs.browserApiUrl],
      ["https://mlflow-api.acme.example", "https://b.acme.example"],
    );
    const domain = named.one("aws:apigateway/domainName:DomainName", `${CODE}-domain`);
    const { domainName, regionalCertificateArn, endpointConfiguration, securityPolicy } = domain.inputs;
    assert.deepEqual(
      [domainName, regionalCertificateArn, endpointConfiguration, securityPolicy],
      [NAMED.name, NAMED.certificateArn, { types: "REGIONAL" }, "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"],
    );
    const mapping = named.one("aws:apigateway/basePathMapping:BasePathMapping", `${CODE}-domain`).inputs;
    assert.deepEqual(
      [mapping.restApi, mapping.stageName, mapping.basePath],
      [named.one("aws:apigateway/restApi:RestApi", CODE).state.id, "prod", undefined],
    );
    const records = named.all("aws:route53/record:Record").filter(({ inputs }) => inputs.name === NAMED.name);
    assert.deepEqual(
      records.map(({ inputs }) => [inputs.zoneId, inputs.type]),
      [[NAMED.hostedZoneId, "A"]],
    );
    assert.deepEqual(
      named.all("aws:route53/record:Record").filter(({ inputs }) => inputs.name === "b.acme.example"),
      [],
    );
    for (const [each, disabled] of [
      [named, true],
      [run, false],
    ] as const)
      for (const { inputs } of each.all("aws:apigateway/restApi:RestApi"))
        assert.equal(inputs.disableExecuteApiEndpoint, disabled);
  });

  it("closes the code door to all but named VPC endpoints, allows nobody by that, and leaves the browser door as it is", async () => {
    const vpcEndpointIds = ["vpce-0a1b2c3d4e5f60718", "vpce-0a1b2c3d"];
    const closed = await centralRun({ gateway: { code: { endpoint: "private", vpcEndpointIds } } });
    const api = closed.one("aws:apigateway/restApi:RestApi", CODE);
    assert.deepEqual(api.inputs.endpointConfiguration, { types: "PRIVATE", vpcEndpointIds });
    const browser = closed.one("aws:apigateway/restApi:RestApi", BROWSER);
    assert.deepEqual(browser.inputs.endpointConfiguration, { types: "REGIONAL" });
    const statements = policy(closed.one("aws:apigateway/restApiPolicy:RestApiPolicy").inputs.policy).Statement;
    assert.deepEqual(
      statements.map(({ Sid, Effect, Resource, Condition }) => [Sid, Effect, Resource, Condition]),
      [
        [
          "PersonaRolesOnly",
          "Deny",
          `${String(api.state.executionArn)}/*`,
          { ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::111111111111:role/gatehouse/*" } },
        ],
        [
          "VpcEndpointsOnly",
          "Deny",
          `${String(api.state.executionArn)}/*`,
          { StringNotEquals: { "aws:SourceVpce": vpcEndpointIds } },
        ],
      ],
    );
    const trigger = (each: Run) =>
      object(each.one("aws:apigateway/deployment:Deployment", CODE).inputs.triggers).redeployment;
    assert.notEqual(trigger(closed), trigger(run), "a changed policy of the API is served by a new deployment");
  });

  it("throttles a door by its own limits, and the other by those of both", async () => {
    const own = await centralRun({ gateway: { code: { throttle: { rate: 20, burst: 40 } } } });
    const limits = (name: string) => {
      const { throttlingRateLimit, throttlingBurstLimit } = object(
        own.one("aws:apigateway/methodSettings:MethodSettings", name).inputs.settings,
      );
      return [throttlingRateLimit, throttlingBurstLimit];
    };
    assert.deepEqual(
      [limits(CODE), limits(BROWSER)],
      [
        [20, 40],
        [200, 400],
      ],
    );
  });
});
