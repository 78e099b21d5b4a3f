import { ofType, type Plan, type Resource } from "../plan.ts";
import type { Fact } from "./side.ts";
import { canonical } from "./statements.ts";

/** What opens the doors themselves: methods without a login, who may log in, from where. */
export function doorFacts(plan: Plan, named: (text: string) => string): readonly Fact[] {
  return [...openMethods(plan), ...logins(plan, named), ...networks(plan, named), ...buckets(plan)];
}

function openMethods(plan: Plan): readonly Fact[] {
  const integrations = ofType(plan, "aws:apigateway/integration:Integration");
  const answers = ofType(plan, "aws:apigateway/integrationResponse:IntegrationResponse");
  const types = ofType(plan, "aws:apigateway/restApi:RestApi").flatMap((api) =>
    strings((api.state.endpointConfiguration as { types?: unknown } | undefined)?.types)
      .filter((type) => type !== "PRIVATE")
      .map((type) => door("anyone on the internet", `reach the API \`${api.name}\` and be asked for a login`, type)),
  );
  const origins = answers.flatMap(({ name, state }) => {
    const origin = (state.responseParameters as Readonly<Record<string, unknown>> | undefined)?.[
      "method.response.header.Access-Control-Allow-Origin"
    ];
    return typeof origin === "string"
      ? [door(`pages of ${origin}`, "call the browser door with a person's login", name)]
      : [];
  });
  const open = ofType(plan, "aws:apigateway/method:Method").flatMap((method) => {
    if (method.state.authorization !== "NONE") return [];
    const integration = integrations.find(
      ({ state }) =>
        state.restApi === method.state.restApi &&
        state.resourceId === method.state.resourceId &&
        state.httpMethod === method.state.httpMethod,
    );
    // A method that answers by itself, as the preflight does, lets nobody through to MLflow.
    if (integration?.state.type === "MOCK") return [];
    return [door("anyone, without a login", `call ${String(method.state.httpMethod)} of ${method.name}`, method.name)];
  });
  return [...types, ...origins, ...open];
}

function logins(plan: Plan, named: (text: string) => string): readonly Fact[] {
  const pools = ofType(plan, "aws:cognito/userPool:UserPool").flatMap(({ name, state }) =>
    (state.adminCreateUserConfig as { allowAdminCreateUserOnly?: boolean } | undefined)?.allowAdminCreateUserOnly ===
    true
      ? []
      : [door("anyone", "sign up by himself", name)],
  );
  const clients = ofType(plan, "aws:cognito/userPoolClient:UserPoolClient").flatMap(({ name, state }) =>
    strings(state.explicitAuthFlows).map((flow) => door("a client of the login", `use ${flow}`, name)),
  );
  const providers = ofType(plan, "aws:cognito/identityProvider:IdentityProvider").map(({ state }) =>
    door(
      `people of the identity provider \`${String(state.providerName)}\``,
      "log in",
      named(canonical(state.providerDetails ?? {})),
    ),
  );
  const pooled = ofType(plan, "aws:cognito/identityPool:IdentityPool").flatMap(({ name, state }) =>
    state.allowUnauthenticatedIdentities === true
      ? [door("anyone, without a login", "get credentials of AWS", name)]
      : [],
  );
  const accepted = ofType(plan, "aws:lambda/function:Function").flatMap((each) => acceptedPools(each, named));
  const groups = ofType(plan, "aws:cognito/userGroup:UserGroup").flatMap(({ state }) =>
    typeof state.roleArn === "string"
      ? [door(`members of group \`${String(state.name)}\``, `take ${named(state.roleArn)} of the identity pool`, "")]
      : [],
  );
  return [...pools, ...clients, ...providers, ...pooled, ...accepted, ...groups];
}

function acceptedPools(resource: Resource, named: (text: string) => string): readonly Fact[] {
  const variables = (resource.state.environment as { variables?: Readonly<Record<string, unknown>> } | undefined)
    ?.variables;
  const pools = variables?.GATEHOUSE_USER_POOLS;
  if (typeof pools !== "string" || !pools.startsWith("[")) return [];
  const parsed = JSON.parse(pools) as readonly { userPoolId: string; clientIds: readonly string[] }[];
  return parsed.flatMap(({ userPoolId, clientIds }) =>
    clientIds.map((client) =>
      door("whoever holds a token", `come in by ${named(userPoolId)}, client ${named(client)}`, resource.name),
    ),
  );
}

function networks(plan: Plan, named: (text: string) => string): readonly Fact[] {
  const rules = [
    ...ofType(plan, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").map(
      (rule) => ["reach", rule] as const,
    ),
    ...ofType(plan, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").map(
      (rule) => ["be reached from", rule] as const,
    ),
  ];
  return rules.map(([verb, { state }]) => {
    const given = state.cidrIpv4 ?? state.cidrIpv6 ?? state.prefixListId ?? state.referencedSecurityGroupId;
    const peer = typeof given === "string" ? given : "?";
    const ports =
      typeof state.fromPort === "number"
        ? `port ${state.fromPort}${state.toPort === state.fromPort ? "" : `-${String(state.toPort)}`}`
        : "every port";
    return door(
      `network ${named(peer)}`,
      `${verb} ${named(String(state.securityGroupId))} at ${ports}`,
      String(state.ipProtocol),
    );
  });
}

const BLOCKS = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];

/** A bucket is closed to the public when each of the four switches says so. */
function buckets(plan: Plan): readonly Fact[] {
  const blocks = ofType(plan, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock");
  return ofType(plan, "aws:s3/bucket:Bucket").flatMap(({ id, name }) => {
    const block = blocks.find(({ state }) => state.bucket === id);
    return block && BLOCKS.every((each) => block.state[each] === true)
      ? []
      : [door("anyone", `read the bucket \`${name}\` if one policy or ACL says so`, "public access block")];
  });
}

function door(who: string, may: string, evidence: string): Fact {
  return { key: `door|${who}|${may}|${evidence}`, area: "door", who, may, evidence };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
