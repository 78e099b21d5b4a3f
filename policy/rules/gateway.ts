import { statementsOf } from "../documents.ts";
import { each, given, type Rule, type StackRule, UNKNOWN } from "../rule.ts";

const METHOD = "aws:apigateway/method:Method";

/** TLS policies with a floor below 1.2. Source: API Gateway guide, "Supported security policies". */
const OLD_TLS = new Set<unknown>(["TLS_1_0"]);

export const methodHasAuthorizer: Rule = {
  name: "method-has-authorizer",
  description: "Every method of an API asks who calls, but for the preflight of browsers.",
  remedy: "Set `authorization` to AWS_IAM, or to CUSTOM with an `authorizerId`.",
  types: [METHOD, "aws:apigatewayv2/route:Route"],
  check: ({ type, props }) => {
    if (type !== METHOD) return asked(props.authorizationType, props, `route ${String(props.routeKey)}`);
    if (props.httpMethod === "OPTIONS" && props.authorization === "NONE") return [];
    return asked(props.authorization, props, `method ${String(props.httpMethod)}`);
  },
};

function asked(authorization: unknown, props: Readonly<Record<string, unknown>>, what: string): readonly string[] {
  if (authorization === "AWS_IAM") return [];
  if (authorization === undefined || authorization === "NONE") return [`${what} lets anyone in: it has no authorizer`];
  const authorizer = given(props, "authorizerId");
  return authorizer === undefined || authorizer === "" ? [`${what} names no authorizer`] : [];
}

export const noDataTrace: Rule = {
  name: "no-data-trace",
  description: "Bodies and headers of requests, tokens among them, are never written to a log.",
  remedy: "Set `dataTraceEnabled` to false; the access log says who called what.",
  types: ["aws:apigateway/methodSettings:MethodSettings"],
  check: ({ props }) =>
    each(given(props, "settings")).some((settings) => settings.dataTraceEnabled === true)
      ? ["data trace is on: it logs whole requests with their tokens"]
      : [],
};

export const stageHasAccessLog: Rule = {
  name: "stage-has-access-log",
  description: "Every call of an API leaves a line in an access log.",
  remedy: "Set `accessLogSettings` with a destination and a format.",
  types: ["aws:apigateway/stage:Stage", "aws:apigatewayv2/stage:Stage"],
  check: ({ props }) => (given(props, "accessLogSettings") ? [] : ["the stage has no access log"]),
};

export const modernTls: Rule = {
  name: "modern-tls",
  description: "Nothing that listens for TLS takes a version below 1.2, and nothing public listens without it.",
  remedy: "Use a security policy with TLS 1.2 or later as its floor; keep plain HTTP to internal load balancers.",
  types: [
    "aws:apigateway/restApi:RestApi",
    "aws:apigateway/domainName:DomainName",
    "aws:lb/listener:Listener",
    "aws:lb/loadBalancer:LoadBalancer",
  ],
  check: ({ type, props }) => {
    if (type === "aws:lb/loadBalancer:LoadBalancer")
      return given(props, "internal") === true ? [] : ["the load balancer is public: the gateway is the only door"];
    if (type !== "aws:lb/listener:Listener") return securityPolicyFaults(given(props, "securityPolicy"));
    if (!["HTTPS", "TLS"].includes(String(props.protocol))) return [];
    const policy = given(props, "sslPolicy");
    // Without one a listener has ELBSecurityPolicy-2016-08, which takes TLS 1.0. Source: ELB guide, "Security policies".
    return policy === UNKNOWN || (typeof policy === "string" && /TLS13|TLS-1-2/.test(policy))
      ? []
      : [`the listener takes old TLS: its policy is ${String((policy as string | undefined) ?? "the default")}`];
  },
};

function securityPolicyFaults(policy: unknown): readonly string[] {
  if (policy === UNKNOWN || (policy !== undefined && !OLD_TLS.has(policy))) return [];
  return [
    `it takes old TLS: its security policy is ${String((policy as string | undefined) ?? "the default, TLS_1_0")}`,
  ];
}

export const codeDoorRefusesStrangers: StackRule = {
  name: "code-door-refuses-strangers",
  description: "An API with AWS_IAM methods has a resource policy that denies whoever is no persona role.",
  remedy: "Give the API an `aws.apigateway.RestApiPolicy` with a Deny for principals outside `role/gatehouse/`.",
  check: ({ resources, refers }) => {
    const methods = resources.filter(({ type, props }) => type === METHOD && props.authorization === "AWS_IAM");
    const policies = resources.filter(({ type }) => type === "aws:apigateway/restApiPolicy:RestApiPolicy");
    const open = resources.filter(
      (api) =>
        api.type === "aws:apigateway/restApi:RestApi" &&
        methods.some((method) => refers(method, "restApi", api)) &&
        !policies.some((policy) => refers(policy, "restApiId", api) && denies(given(policy.props, "policy"))),
    );
    return open.map((on) => ({ on, message: "any principal of the account with an execute-api grant can call it" }));
  },
};

function denies(policy: unknown): boolean {
  return policy === UNKNOWN || statementsOf(policy).some((statement) => statement.Effect === "Deny");
}
