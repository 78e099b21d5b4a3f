import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { ofType, type Plan, PlanFitError, type Resource, text } from "../../plan/plan.ts";
import { declared, numberOf, oneOf, policyDocument, stringList, stringMap, stringOf } from "../declared.ts";
import { type AccessLogFormat, accessLogFormat } from "./accessLog.ts";
import { type Integration, integrationOf } from "./integration.ts";

/** A REST API as the program declares it. */
export interface Api {
  readonly id: string;
  /** Name in the program. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly stage: string;
  /** `arn:aws:execute-api:<region>:<account>:<api id>` */
  readonly executionArn: string;
  readonly root: Node;
  readonly resourcePolicy: PolicyDocument | undefined;
  readonly gatewayResponses: ReadonlyMap<string, GatewayResponse>;
  /** Of the stage. */
  readonly accessLog: AccessLogFormat | undefined;
  /** Through which alone a private API is reached; none: it isn't private. */
  readonly vpcEndpointIds: readonly string[];
  readonly throttle: { readonly rate: number; readonly burst: number } | undefined;
}

/** A resource of the API, with those below it. */
export interface Node {
  /** Such as `/{proxy+}`. */
  readonly path: string;
  readonly literal: Map<string, Node>;
  parameter?: Node;
  greedy?: Node;
  readonly methods: ReadonlyMap<string, Method>;
}

export interface Method {
  readonly authorization: "NONE" | "AWS_IAM" | "CUSTOM";
  readonly authorizer: TokenAuthorizer | undefined;
  readonly integration: Integration;
}

/** A TOKEN authorizer. */
export interface TokenAuthorizer {
  /** The header that carries the token. */
  readonly header: string;
  readonly validation: RegExp | undefined;
  readonly cacheSeconds: number;
}

export interface GatewayResponse {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly template: string | undefined;
}

/** Reads one REST API of a stack. @throws when it declares something that the local gateway would serve in another way than AWS */
export function apiOf(plan: Plan, nameOrId: string): Api {
  const api = oneOf(plan, "aws:apigateway/restApi:RestApi", nameOrId);
  if (api.inputs.body !== undefined)
    throw new PlanFitError(`${api.name}: an OpenAPI body is not supported; declare resources`);
  const executionArn = text(api, "executionArn");
  const [, , , region = "", account = ""] = executionArn.split(":");
  const own = (type: string) =>
    ofType(plan, `aws:apigateway/${type}`).filter(({ inputs }) => (inputs.restApi ?? inputs.restApiId) === api.id);
  const [stage, ...otherStages] = own("stage:Stage");
  if (!stage || otherStages.length) throw new PlanFitError(`${api.name}: exactly one stage is supported`);
  if (own("authorizer:Authorizer").length > 1)
    throw new PlanFitError(`${api.name}: at most one authorizer is supported`);
  const policies = [api.inputs.policy, ...own("restApiPolicy:RestApiPolicy").map(({ inputs }) => inputs.policy)];
  const [policy] = policies.filter((value) => value !== undefined);

  return {
    id: api.id,
    name: api.name,
    account,
    region,
    stage: text(stage, "stageName"),
    executionArn,
    root: tree(api, own),
    resourcePolicy: policy === undefined ? undefined : expanded(policyDocument(policy, api.name), executionArn),
    gatewayResponses: new Map(
      own("response:Response").map(({ inputs }) => [String(inputs.responseType), gatewayResponseOf(inputs)]),
    ),
    accessLog: accessLogFormat(stringOf(declared(stage.inputs.accessLogSettings).format)),
    vpcEndpointIds: stringList(declared(api.inputs.endpointConfiguration).vpcEndpointIds),
    throttle: throttleOf(own("methodSettings:MethodSettings")),
  };
}

function tree(api: Resource, own: (type: string) => readonly Resource[]): Node {
  const declaredResources = own("resource:Resource");
  const methods = own("method:Method");
  const build = (id: string, path: string): Node => {
    const node: Node = {
      path: path || "/",
      literal: new Map(),
      methods: new Map(
        methods
          .filter(({ inputs }) => inputs.resourceId === id)
          .map((method) => [text(method, "httpMethod"), methodOf(method, own)]),
      ),
    };
    for (const child of declaredResources.filter(({ inputs }) => inputs.parentId === id)) {
      const part = text(child, "pathPart");
      const below = build(child.id, `${path}/${part}`);
      if (/^\{\w+\+\}$/.test(part)) node.greedy = below;
      else if (/^\{\w+\}$/.test(part)) node.parameter = below;
      else node.literal.set(part, below);
    }
    return node;
  };
  return build(text(api, "rootResourceId"), "");
}

function methodOf(method: Resource, own: (type: string) => readonly Resource[]): Method {
  const { authorization, authorizerId, apiKeyRequired } = method.inputs;
  if (authorization !== "NONE" && authorization !== "AWS_IAM" && authorization !== "CUSTOM")
    throw new PlanFitError(`${method.name}: the authorization ${String(authorization)} is not supported`);
  if (apiKeyRequired === true) throw new PlanFitError(`${method.name}: API keys are not supported`);
  const integration = integrationOf(method, own);
  // INVARIANT: no door without login. What has no authorizer must not reach MLflow.
  if (authorization === "NONE" && integration.type !== "MOCK")
    throw new PlanFitError(`${method.name}: a method without authorization may only have a MOCK integration`);
  const authorizer = own("authorizer:Authorizer").find(({ id }) => id === authorizerId);
  if (authorization === "CUSTOM" && !authorizer)
    throw new PlanFitError(`${method.name}: its authorizer is not declared`);
  return {
    authorization,
    integration,
    authorizer: authorization === "CUSTOM" && authorizer ? tokenAuthorizerOf(authorizer) : undefined,
  };
}

/** Source of the default lifetime: API Gateway API, `CreateAuthorizer`. */
const DEFAULT_CACHE_SECONDS = 300;

function tokenAuthorizerOf({ name, inputs }: Resource): TokenAuthorizer {
  const type = stringOf(inputs.type) ?? "TOKEN";
  const source = stringOf(inputs.identitySource) ?? "method.request.header.Authorization";
  const header = /^method\.request\.header\.([\w-]+)$/.exec(source)?.[1];
  if (type !== "TOKEN" || header === undefined)
    throw new PlanFitError(`${name}: only a TOKEN authorizer on one header is supported, not ${type} on ${source}`);
  const expression = stringOf(inputs.identityValidationExpression);
  return {
    header,
    validation: expression ? new RegExp(`^(?:${expression})$`) : undefined,
    cacheSeconds: numberOf(inputs.authorizerResultTtlInSeconds) ?? DEFAULT_CACHE_SECONDS,
  };
}

function gatewayResponseOf(inputs: Resource["inputs"]): GatewayResponse {
  const prefix = "gatewayresponse.header.";
  return {
    status: inputs.statusCode === undefined ? undefined : Number(inputs.statusCode),
    headers: Object.fromEntries(
      Object.entries(stringMap(inputs.responseParameters))
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    ),
    template: stringMap(inputs.responseTemplates)["application/json"],
  };
}

function throttleOf(settings: readonly Resource[]): Api["throttle"] {
  const all = settings.find(({ inputs }) => inputs.methodPath === "*/*");
  const { throttlingRateLimit, throttlingBurstLimit } = declared(all?.inputs.settings);
  const rate = numberOf(throttlingRateLimit);
  const burst = numberOf(throttlingBurstLimit);
  return rate === undefined || burst === undefined || rate < 0 || burst < 0 ? undefined : { rate, burst };
}

/** `execute-api:/…` stands for the API's own ARN. Source: API Gateway guide, "API Gateway resource policy examples". */
function expanded(document: PolicyDocument, executionArn: string): PolicyDocument {
  const expand = (value: string) => (value.startsWith("execute-api:/") ? executionArn + value.slice(12) : value);
  return {
    ...document,
    Statement: document.Statement.map((statement) => ({
      ...statement,
      ...(statement.Resource === undefined ? {} : { Resource: [statement.Resource].flat().map(expand) }),
      ...(statement.NotResource === undefined ? {} : { NotResource: [statement.NotResource].flat().map(expand) }),
    })),
  };
}
