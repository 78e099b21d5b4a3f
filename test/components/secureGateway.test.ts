import assert from "node:assert/strict";
import { SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import { codeDocuments } from "../../authorizer/policy/compile.ts";
import { policySize } from "../../authorizer/policy/document.ts";
import type { Run } from "./record.ts";
import { centralRun, object, policy } from "./stacks.ts";

const CODE = "gatehouse-code";
const BROWSER = "gatehouse-browser";

function proofOf(run: Run): string {
  const name = "gatehouse-mlflow-secret-gatehouse-proof";
  return String(run.one("aws:secretsmanager/secretVersion:SecretVersion", name).inputs.secretString);
}

/** Methods of an API: verb and authorization by name. */
function methods(run: Run, api: string): Record<string, unknown> {
  const id = run.one("aws:apigateway/restApi:RestApi", api).state.id;
  const own = run.all("aws:apigateway/method:Method").filter(({ inputs }) => inputs.restApi === id);
  return Object.fromEntries(
    own.map(({ name, inputs }) => [name, `${String(inputs.httpMethod)} ${String(inputs.authorization)}`]),
  );
}

describe("SecureGateway", () => {
  let run: Run;
  before(async () => {
    run = await centralRun();
  });

  it("asks IAM for every method of the code door and the authorizer for every method of the browser door but preflights", () => {
    assert.deepEqual(methods(run, CODE), { [`${CODE}-root`]: "ANY AWS_IAM", [`${CODE}-proxy`]: "ANY AWS_IAM" });
    assert.deepEqual(methods(run, BROWSER), {
      [`${BROWSER}-root`]: "ANY CUSTOM",
      [`${BROWSER}-proxy`]: "ANY CUSTOM",
      [`${BROWSER}-root-preflight`]: "OPTIONS NONE",
      [`${BROWSER}-proxy-preflight`]: "OPTIONS NONE",
    });
    const authorizer = run.one("aws:apigateway/authorizer:Authorizer").state.id;
    for (const place of ["root", "proxy"])
      assert.equal(run.one("aws:apigateway/method:Method", `${BROWSER}-${place}`).inputs.authorizerId, authorizer);
    assert.equal(run.one("aws:apigateway/method:Method", `${CODE}-proxy`).inputs.authorizerId, undefined);
  });

  for (const [door, caller, assertion] of [
    [CODE, "context.identity.userArn", "''"],
    [BROWSER, "''", "context.authorizer.assertion"],
  ] as const)
    it(`sets every identity header at every method of ${door}`, () => {
      const headers = {
        "integration.request.header.X-Gatehouse-Proof": `'${proofOf(run)}'`,
        "integration.request.header.X-Gatehouse-Caller": caller,
        "integration.request.header.X-Gatehouse-Assertion": assertion,
      };
      const integration = (place: string) =>
        run.one("aws:apigateway/integration:Integration", `${door}-${place}`).inputs;
      assert.deepEqual(integration("root").requestParameters, headers);
      assert.deepEqual(integration("proxy").requestParameters, {
        ...headers,
        "integration.request.path.proxy": "method.request.path.proxy",
      });
      const dns = String(run.one("aws:lb/loadBalancer:LoadBalancer").state.dnsName);
      assert.equal(integration("proxy").uri, `http://${dns}/{proxy}`);
      assert.equal(integration("root").uri, `http://${dns}/`);
      for (const place of ["root", "proxy"]) {
        const { type, connectionType, connectionId, integrationTarget, responseTransferMode } = integration(place);
        assert.deepEqual([type, connectionType, responseTransferMode], ["HTTP_PROXY", "VPC_LINK", "STREAM"]);
        assert.equal(connectionId, run.one("aws:apigatewayv2/vpcLink:VpcLink").state.id);
        assert.equal(integrationTarget, run.one("aws:lb/loadBalancer:LoadBalancer").state.arn);
      }
    });

  it("reaches MLflow by PrivateLink where the stack says so: link, NLB without a way in, ALB, MLflow", async () => {
    const linked = await centralRun({ gateway: { loadBalancer: "nlb" } });
    assert.deepEqual(linked.all("aws:apigatewayv2/vpcLink:VpcLink"), []);
    const link = linked.one("aws:apigateway/vpcLink:VpcLink");
    const [alb, nlb] = ["gatehouse-mlflow-alb", "gatehouse-mlflow-nlb"].map((name) =>
      linked.one("aws:lb/loadBalancer:LoadBalancer", name),
    );
    assert.equal(link.inputs.targetArn, nlb?.state.arn);
    assert.deepEqual([nlb?.inputs.loadBalancerType, nlb?.inputs.internal], ["network", true]);
    assert.equal(linked.one("aws:lb/targetGroupAttachment:TargetGroupAttachment").inputs.targetId, alb?.state.arn);
    for (const { inputs } of linked.all("aws:apigateway/integration:Integration")) {
      if (inputs.type === "MOCK") continue;
      assert.deepEqual([inputs.connectionId, inputs.integrationTarget], [link.state.id, undefined]);
    }
    const group = linked.one("aws:ec2/securityGroup:SecurityGroup", "gatehouse-mlflow-link").state.id;
    assert.deepEqual(nlb?.inputs.securityGroups, [group]);
    const into = linked
      .all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
      .filter(({ inputs }) => inputs.securityGroupId === group);
    assert.deepEqual(into, []);
  });

  it("puts the link into private subnets with a security group that reaches the load balancer alone", () => {
    const { subnetIds, securityGroupIds } = run.one("aws:apigatewayv2/vpcLink:VpcLink").inputs;
    assert.deepEqual(
      subnetIds,
      run.all("aws:ec2/subnet:Subnet").map(({ state }) => state.id),
    );
    assert.deepEqual(securityGroupIds, [
      run.one("aws:ec2/securityGroup:SecurityGroup", "gatehouse-mlflow-link").state.id,
    ]);
  });

  it("takes TLS 1.2 or later at regional endpoints, and every body as it is", () => {
    for (const { inputs } of run.all("aws:apigateway/restApi:RestApi")) {
      assert.deepEqual(inputs.endpointConfiguration, { types: "REGIONAL" });
      assert.equal(inputs.securityPolicy, "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09");
      assert.equal(inputs.endpointAccessMode, "STRICT");
      assert.deepEqual(inputs.binaryMediaTypes, ["*/*"]);
    }
  });

  it("keeps every principal out of the code door that is no persona role, and allows nobody by that", () => {
    const only = run.one("aws:apigateway/restApiPolicy:RestApiPolicy");
    const api = run.one("aws:apigateway/restApi:RestApi", CODE).state;
    assert.equal(only.inputs.restApiId, api.id);
    assert.deepEqual(policy(only.inputs.policy).Statement, [
      {
        Sid: "PersonaRolesOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "execute-api:Invoke",
        Resource: `${String(api.executionArn)}/*`,
        Condition: { ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::111111111111:role/gatehouse/*" } },
      },
    ]);
  });

  it("answers preflights for the UI's origin alone, without reaching MLflow", () => {
    for (const place of ["root", "proxy"]) {
      const name = `${BROWSER}-${place}-preflight`;
      const { type, contentHandling, uri } = run.one("aws:apigateway/integration:Integration", name).inputs;
      assert.deepEqual([type, contentHandling, uri], ["MOCK", "CONVERT_TO_TEXT", undefined]);
      const sent = run.one("aws:apigateway/integrationResponse:IntegrationResponse", name).inputs.responseParameters;
      assert.deepEqual(sent, {
        "method.response.header.Access-Control-Allow-Origin": "'https://mlflow.acme.example'",
        "method.response.header.Access-Control-Allow-Methods": "'DELETE,GET,PATCH,POST,PUT'",
        "method.response.header.Access-Control-Allow-Headers":
          "'authorization,content-type,x-mlflow-authorization,x-mlflow-client-version,x-mlflow-experiment-id,x-mlflow-workspace'",
        "method.response.header.Access-Control-Max-Age": "'7200'",
        "method.response.header.Vary": "'Origin'",
      });
    }
  });

  it("says at both doors what was denied, to whom, and how to ask, in MLflow's own shape, readable by the UI's origin", () => {
    const of = (door: string) => {
      const { id } = run.one("aws:apigateway/restApi:RestApi", door).state;
      const own = run.all("aws:apigateway/response:Response").filter(({ inputs }) => inputs.restApiId === id);
      return new Map(own.map(({ inputs }) => [String(inputs.responseType), inputs]));
    };
    const both = ["DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "WAF_FILTERED"];
    const [code, browser] = [of(CODE), of(BROWSER)];
    assert.deepEqual([...browser.keys()].sort(), ["ACCESS_DENIED", ...both, "UNAUTHORIZED"].sort());
    assert.deepEqual(
      [...code.keys()].sort(),
      ["ACCESS_DENIED", "EXPIRED_TOKEN", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", ...both].sort(),
    );
    for (const inputs of browser.values())
      assert.equal(
        object(inputs.responseParameters)["gatewayresponse.header.Access-Control-Allow-Origin"],
        "'https://mlflow.acme.example'",
      );
    for (const inputs of code.values()) assert.equal(inputs.responseParameters, undefined);
    for (const inputs of [...code.values(), ...browser.values()]) {
      const body = String(object(inputs.responseTemplates)["application/json"]);
      // A message of the gateway comes with its quotes.
      const said = JSON.parse(body.replace("$context.error.messageString", '"why"')) as Record<string, string>;
      assert.ok(said.error_code && said.message, body);
    }
    const denied = (door: typeof code) =>
      String(object(door.get("ACCESS_DENIED")?.responseTemplates)["application/json"]);
    assert.match(
      denied(browser),
      /"message":"\$context\.authorizer\.message".*"personas":"\$context\.authorizer\.personas","ask":/,
    );
    assert.match(
      denied(code),
      /"message":\$context\.error\.messageString,"caller":"\$context\.identity\.userArn","ask":/,
    );
  });

  it("has no method without login where there is no UI origin", async () => {
    const headless = await centralRun({ ui: {} });
    const all = headless.all("aws:apigateway/method:Method").map(({ inputs }) => inputs.authorization);
    assert.deepEqual([...new Set(all)].sort(), ["AWS_IAM", "CUSTOM"]);
    for (const { inputs } of headless.all("aws:apigateway/response:Response"))
      assert.equal(inputs.responseParameters, undefined);
    assert.equal(headless.outputs.uiUrl, null);
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
