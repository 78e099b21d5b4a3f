import assert from "node:assert/strict";
import type { Run } from "../record.ts";
import { centralRun, object, policy } from "../stacks.ts";
import { BROWSER, CODE, methods, proofOf } from "./declared.ts";

describe("SecureGateway: the doors", () => {
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
});
