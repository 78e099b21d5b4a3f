import type { Plan, Resource } from "../../plan/plan.ts";

export const REGION = "eu-west-1";
export const CENTRAL = "111111111111";
export const CONSUMER = "222222222222";
export const PROOF = "the-proof-of-the-gateway";

const API_ARN = (id: string) => `arn:aws:execute-api:${REGION}:${CENTRAL}:${id}`;

let count = 0;

/** A resource as a plan holds it. */
export function resource(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
  computed: Record<string, unknown> = {},
): Resource {
  const id = typeof computed.id === "string" ? computed.id : `${name}-${++count}`;
  return {
    urn: `urn:pulumi:test::tiny::${type}::${name}`,
    type,
    name,
    id,
    parent: null,
    inputs,
    state: { ...inputs, id, ...computed },
  };
}

const json = (statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

export interface RoleInput {
  readonly account: string;
  readonly path: string;
  readonly name: string;
  readonly trust: readonly object[];
  readonly allow?: readonly object[];
  readonly tags?: Record<string, string>;
  readonly boundary?: string;
}

export function role(input: RoleInput): Resource[] {
  const arn = `arn:aws:iam::${input.account}:role${input.path}${input.name}`;
  const inputs = {
    path: input.path,
    name: input.name,
    assumeRolePolicy: json(input.trust),
    tags: input.tags ?? {},
    ...(input.boundary === undefined ? {} : { permissionsBoundary: input.boundary }),
  };
  return [
    resource("aws:iam/role:Role", input.name, inputs, { arn, id: input.name }),
    ...(input.allow
      ? [
          resource("aws:iam/rolePolicy:RolePolicy", `${input.name}-inline`, {
            role: input.name,
            policy: json(input.allow),
          }),
        ]
      : []),
  ];
}

export const personaRole = (persona: string) => `arn:aws:iam::${CENTRAL}:role/gatehouse/gatehouse-vision-${persona}`;
export const executionRole = (persona: string, profile: string) =>
  `arn:aws:iam::${CONSUMER}:role/gatehouse/${persona}/gatehouse-vision-${profile}`;

const centralTrust = (persona: string) => [
  {
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${CONSUMER}:root` },
    Action: "sts:AssumeRole",
    Condition: {
      ArnLike: { "aws:PrincipalArn": `arn:aws:iam::${CONSUMER}:role/gatehouse/${persona}/*` },
      StringEquals: {
        "sts:RoleSessionName": "${aws:PrincipalTag/gatehouse:person}",
        "aws:PrincipalOrgID": "o-tiny",
      },
    },
  },
];

/** One attached managed policy, as the program attaches the persona's. */
function attached(roleName: string, statements: readonly object[]): Resource[] {
  const arn = `arn:aws:iam::${CENTRAL}:policy/gatehouse/${roleName}`;
  return [
    resource("aws:iam/policy:Policy", `${roleName}-policy`, { policy: json(statements) }, { arn, id: arn }),
    resource("aws:iam/rolePolicyAttachment:RolePolicyAttachment", roleName, { role: roleName, policyArn: arn }),
  ];
}

export interface ApiInput {
  readonly id: string;
  readonly name: string;
  readonly authorization: "AWS_IAM" | "CUSTOM";
  readonly timeoutMilliseconds?: number;
  readonly policy?: readonly object[];
  readonly throttle?: { readonly rate: number; readonly burst: number };
  readonly bundle?: string;
  /** Format of the access log. */
  readonly accessLog?: string;
  /** Makes the API private. */
  readonly vpcEndpointIds?: readonly string[];
}

/** A REST API as the program declares one: `/` and `/{proxy+}`, ANY, and OPTIONS as MOCK at the browser door. */
export function restApi(input: ApiInput): Resource[] {
  const { id, name, authorization } = input;
  const of = (type: string, key: string, inputs: Record<string, unknown>, computed: Record<string, unknown> = {}) =>
    resource(`aws:apigateway/${type}`, `${name}-${key}`, { restApi: id, ...inputs }, computed);
  const code = authorization === "AWS_IAM";
  const headers = {
    "integration.request.header.X-Gatehouse-Proof": `'${PROOF}'`,
    "integration.request.header.X-Gatehouse-Caller": code ? "context.identity.userArn" : "''",
    "integration.request.header.X-Gatehouse-Assertion": code ? "''" : "context.authorizer.assertion",
  };
  const door = (resourceId: string, key: string, uri: string, path: Record<string, string>) => [
    of("method:Method", `${key}-any`, {
      resourceId,
      httpMethod: "ANY",
      authorization,
      ...(code ? {} : { authorizerId: `${id}-auth` }),
    }),
    of("integration:Integration", `${key}-any`, {
      resourceId,
      httpMethod: "ANY",
      type: "HTTP_PROXY",
      integrationHttpMethod: "ANY",
      uri,
      requestParameters: { ...headers, ...path },
      ...(input.timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds: input.timeoutMilliseconds }),
    }),
  ];
  const origin = { "method.response.header.Access-Control-Allow-Origin": "'https://ui.example'" };
  const options = (resourceId: string, key: string) => [
    of("method:Method", `${key}-options`, { resourceId, httpMethod: "OPTIONS", authorization: "NONE" }),
    of("integration:Integration", `${key}-options`, {
      resourceId,
      httpMethod: "OPTIONS",
      type: "MOCK",
      requestTemplates: { "application/json": '{"statusCode": 204}' },
    }),
    of("methodResponse:MethodResponse", `${key}-options`, {
      resourceId,
      httpMethod: "OPTIONS",
      statusCode: "204",
      responseParameters: { "method.response.header.Access-Control-Allow-Origin": true },
    }),
    of("integrationResponse:IntegrationResponse", `${key}-options`, {
      resourceId,
      httpMethod: "OPTIONS",
      statusCode: "204",
      responseParameters: origin,
    }),
  ];
  const lambdaArn = `arn:aws:lambda:${REGION}:${CENTRAL}:function:${name}-authorizer`;
  const invokeArn = `arn:aws:apigateway:${REGION}:lambda:path/2015-03-31/functions/${lambdaArn}/invocations`;
  return [
    resource(
      "aws:apigateway/restApi:RestApi",
      name,
      {
        name: `gatehouse-${name}`,
        ...(input.vpcEndpointIds
          ? { endpointConfiguration: { types: "PRIVATE", vpcEndpointIds: input.vpcEndpointIds } }
          : {}),
      },
      { id, rootResourceId: `${id}-root`, executionArn: API_ARN(id) },
    ),
    of("resource:Resource", "proxy", { parentId: `${id}-root`, pathPart: "{proxy+}" }, { id: `${id}-proxy` }),
    ...door(`${id}-root`, "root", "http://mlflow.internal:8000/", {}),
    ...door(`${id}-proxy`, "proxy", "http://mlflow.internal:8000/{proxy}", {
      "integration.request.path.proxy": "method.request.path.proxy",
    }),
    of("stage:Stage", "stage", {
      stageName: "prod",
      ...(input.accessLog === undefined ? {} : { accessLogSettings: { format: input.accessLog } }),
    }),
    of("response:Response", "denied", {
      restApi: undefined,
      restApiId: id,
      responseType: "ACCESS_DENIED",
      statusCode: "403",
      responseParameters: { "gatewayresponse.header.Access-Control-Allow-Origin": "'https://ui.example'" },
      responseTemplates: {
        "application/json": code
          ? '{"error_code":"PERMISSION_DENIED","message":$context.error.messageString}'
          : '{"error_code":"PERMISSION_DENIED","message":"$context.authorizer.message"}',
      },
    }),
    ...(input.policy
      ? [of("restApiPolicy:RestApiPolicy", "policy", { restApi: undefined, restApiId: id, policy: json(input.policy) })]
      : []),
    ...(input.throttle
      ? [
          of("methodSettings:MethodSettings", "settings", {
            stageName: "prod",
            methodPath: "*/*",
            settings: { throttlingRateLimit: input.throttle.rate, throttlingBurstLimit: input.throttle.burst },
          }),
        ]
      : []),
    ...(code
      ? []
      : [
          ...options(`${id}-root`, "root"),
          ...options(`${id}-proxy`, "proxy"),
          of(
            "authorizer:Authorizer",
            "authorizer",
            {
              type: "TOKEN",
              authorizerUri: invokeArn,
              identitySource: "method.request.header.Authorization",
              identityValidationExpression: "^Bearer [\\w.-]+$",
              authorizerResultTtlInSeconds: 60,
            },
            { id: `${id}-auth` },
          ),
          resource(
            "aws:lambda/function:Function",
            `${name}-authorizer`,
            {
              handler: "index.handler",
              code: { archive: { "index.mjs": input.bundle ?? TINY_BUNDLE, "personas.json": "[]" } },
              environment: { variables: { TINY_SECRET: "only-at-start" } },
            },
            { arn: lambdaArn, invokeArn },
          ),
        ]),
  ];
}

/** An authorizer bundle that does what a token's text says; the real one is tested elsewhere. */
export const TINY_BUNDLE = `
export const calls = [];
export function createHandler({ fetchJwks }) {
  const secret = process.env.TINY_SECRET;
  return async ({ type, authorizationToken, methodArn }) => {
    calls.push({ type, authorizationToken, methodArn, secret, fetches: typeof fetchJwks.fetch });
    const word = authorizationToken.slice("Bearer ".length);
    if (word === "bad") throw new Error("Unauthorized");
    if (word === "crash") throw new Error("a fault");
    if (word === "nonsense") return { principalId: "x" };
    if (word === "nested") return { principalId: "x", policyDocument: { Version: "2012-10-17", Statement: [] }, context: { a: {} } };
    const stage = methodArn.split("/").slice(0, 2).join("/");
    const Statement = word === "denied" || word === "silent" ? [{ Effect: "Deny", Action: "execute-api:Invoke", Resource: stage + "/*" }]
      : [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: [stage + "/GET/api/2.0/*", stage + "/POST/api/2.0/*"] }];
    const message = word === "silent" ? {} : { message: 'not "allowed", sorry' };
    return { principalId: word, policyDocument: { Version: "2012-10-17", Statement }, context: { person: word, personas: "reader,approver", assertion: "signed." + word, ...message } };
  };
}
`;

export interface TinyOptions {
  readonly code?: Partial<ApiInput>;
  readonly browser?: Partial<ApiInput>;
}

/** The central stack: two doors, persona roles, a user pool. */
export function centralPlan(options: TinyOptions = {}): Plan {
  const invoke = (...paths: string[]) => ({
    Effect: "Allow",
    Action: "execute-api:Invoke",
    Resource: paths.map((path) => `${API_ARN("codeapi")}/prod/${path}`),
  });
  return plan("central", [
    ...restApi({ id: "codeapi", name: "code", authorization: "AWS_IAM", ...options.code }),
    ...restApi({ id: "browserapi", name: "browser", authorization: "CUSTOM", ...options.browser }),
    ...role({
      account: CENTRAL,
      path: "/gatehouse/",
      name: "gatehouse-vision-reader",
      trust: centralTrust("reader"),
      tags: { "gatehouse:persona": "reader" },
    }),
    ...attached("gatehouse-vision-reader", [invoke("GET/api/2.0/mlflow/*", "GET/")]),
    ...role({
      account: CENTRAL,
      path: "/gatehouse/",
      name: "gatehouse-vision-scientist",
      trust: centralTrust("scientist"),
      tags: { "gatehouse:persona": "scientist" },
    }),
    ...attached("gatehouse-vision-scientist", [invoke("*/api/2.0/*")]),
    resource("aws:cognito/userPool:UserPool", "pool", {}, { id: `${REGION}_TinyPool1` }),
    resource(
      "aws:cognito/userPoolClient:UserPoolClient",
      "client",
      {
        userPoolId: `${REGION}_TinyPool1`,
        explicitAuthFlows: ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        accessTokenValidity: 15,
        idTokenValidity: 15,
        refreshTokenValidity: 12,
        tokenValidityUnits: { accessToken: "minutes", idToken: "minutes", refreshToken: "hours" },
      },
      { id: "tinyclient0000000000000000" },
    ),
    resource("aws:cognito/userGroup:UserGroup", "readers", { userPoolId: `${REGION}_TinyPool1`, name: "readers" }),
  ]);
}

/** The consumer stack: execution roles of three people. */
export function consumerPlan(): Plan {
  const profile = (
    persona: string,
    name: string,
    allow: readonly object[] | undefined,
    extra: Partial<RoleInput> = {},
  ) =>
    role({
      account: CONSUMER,
      path: `/gatehouse/${persona}/`,
      name: `gatehouse-vision-${name}`,
      trust: [{ Effect: "Allow", Principal: { Service: "sagemaker.amazonaws.com" }, Action: "sts:AssumeRole" }],
      tags: { "gatehouse:person": `${name}@acme.example` },
      ...(allow ? { allow } : {}),
      ...extra,
    });
  const may = (persona: string) => [{ Effect: "Allow", Action: "sts:AssumeRole", Resource: personaRole(persona) }];
  const boundary = `arn:aws:iam::${CONSUMER}:policy/boundary`;
  return plan("consumer", [
    ...profile("scientist", "ada", may("scientist")),
    ...profile("reader", "bo", [...may("reader"), ...may("scientist")]),
    ...profile("reader", "cy", undefined),
    ...profile("reader", "di", may("reader"), { boundary }),
    resource(
      "aws:iam/policy:Policy",
      "boundary",
      { policy: json([{ Effect: "Allow", Action: "s3:*", Resource: "*" }]) },
      { arn: boundary },
    ),
  ]);
}

export function plan(stack: string, resources: readonly Resource[]): Plan {
  return { project: "tiny", stack, resources, outputs: {}, secrets: [] };
}
