import assert from "node:assert/strict";
import type { Resource } from "../../plan/plan.ts";
import type { Declared, DeclaredStack } from "../../policy/rule.ts";
import { RULES, STACK_RULES } from "../../policy/rules/index.ts";
import { centralRun } from "../components/stacks.ts";
import { declaredPlan } from "../helpers/declared.ts";

type Change = (resources: Declared[]) => Declared[];

describe("guard rails", () => {
  for (const stack of ["central", "datascience"] as const)
    it(`hold for ${stack}`, async () => {
      assert.deepEqual(faultsOf(await resourcesOf(stack)), []);
    });

  it("hold for central with a trail of its artifacts", async () => {
    const { resources } = await centralRun({ artifacts: { dataEvents: true } });
    const made = resources.map(({ type, name, inputs, state }) =>
      declared({ type, name, inputs, id: String(state.id), state }),
    );
    assert.ok(made.some(({ type }) => type === "aws:cloudtrail/trail:Trail"));
    assert.deepEqual(faultsOf(made), []);
  });

  it("each have a name, a sentence and a remedy, and look at something that a stack declares or could", async () => {
    const names = [...RULES, ...STACK_RULES].map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, description, remedy } of [...RULES, ...STACK_RULES]) {
      assert.match(name, /^[a-z]+(?:-[a-z]+)+$/);
      assert.match(description, /^[A-Z].*\.$/, name);
      assert.match(remedy, /^[A-Z].*\.$/, name);
    }
  });

  const BROKEN: readonly (readonly [what: string, rule: string, stack: "central" | "datascience", change: Change])[] = [
    [
      "a method without authorizer",
      "method-has-authorizer",
      "central",
      set("method:Method", "gatehouse-code-proxy", { authorization: "NONE" }),
    ],
    [
      "a CUSTOM method that names no authorizer",
      "method-has-authorizer",
      "central",
      set("method:Method", "gatehouse-browser-proxy", { authorizerId: undefined }),
    ],
    [
      "a preflight method for anything but OPTIONS",
      "method-has-authorizer",
      "central",
      set("method:Method", "gatehouse-browser-proxy-preflight", { httpMethod: "GET" }),
    ],
    [
      "an HTTP API's open route",
      "method-has-authorizer",
      "central",
      add("aws:apigatewayv2/route:Route", { routeKey: "$default" }),
    ],
    [
      "a code door without its resource policy",
      "code-door-refuses-strangers",
      "central",
      drop("restApiPolicy:RestApiPolicy"),
    ],
    [
      "data trace",
      "no-data-trace",
      "central",
      set("methodSettings:MethodSettings", "gatehouse-code", { settings: { dataTraceEnabled: true } }),
    ],
    [
      "a stage without access log",
      "stage-has-access-log",
      "central",
      set("stage:Stage", "gatehouse-browser", { accessLogSettings: undefined }),
    ],
    [
      "an API with TLS 1.0",
      "modern-tls",
      "central",
      set("restApi:RestApi", "gatehouse-code", { securityPolicy: "TLS_1_0" }),
    ],
    [
      "an HTTPS listener with the default policy",
      "modern-tls",
      "central",
      add("aws:lb/listener:Listener", { protocol: "HTTPS" }),
    ],
    [
      "a public load balancer",
      "modern-tls",
      "central",
      set("loadBalancer:LoadBalancer", "gatehouse-mlflow-alb", { internal: false }),
    ],
    [
      "a persona with a call it doesn't ship with",
      "persona-stays-in-catalogue",
      "central",
      persona("POST/api/2.0/mlflow/runs/delete"),
    ],
    [
      "a persona with a route that no catalogue knows",
      "persona-stays-in-catalogue",
      "central",
      persona("POST/api/9.0/mlflow/*"),
    ],
    ["a persona with the whole API", "persona-stays-in-catalogue", "central", persona("*")],
    [
      "a role with all of S3",
      "no-wildcard-grant",
      "central",
      grant({ Action: "s3:*", Resource: "arn:aws:s3:::a-bucket" }),
    ],
    [
      "a role with everything but something",
      "no-wildcard-grant",
      "central",
      grant({ NotAction: "iam:*", Resource: "*" }),
    ],
    ["a role that may pass any role", "no-wildcard-grant", "central", grant({ Action: ["iam:Pass*"], Resource: "*" })],
    [
      "SageMaker's broad policy",
      "no-broad-managed-policy",
      "datascience",
      add("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {
        role: "a",
        policyArn: "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
      }),
    ],
    ["a role that everyone may assume", "trust-names-principals", "central", trust({ Principal: "*" })],
    [
      "a role for every role of another account",
      "trust-names-principals",
      "central",
      trust({ Principal: { AWS: "arn:aws:iam::999999999999:root" } }),
    ],
    [
      "a CI role for every repository",
      "trust-names-principals",
      "central",
      trust({
        Principal: { Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com" },
        Condition: {
          StringEquals: { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
          StringLike: { "token.actions.githubusercontent.com:sub": "repo:*" },
        },
      }),
    ],
    [
      "a CI role without subject",
      "trust-names-principals",
      "central",
      trust({
        Principal: { Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com" },
        Condition: { StringEquals: { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" } },
      }),
    ],
    [
      "a bucket for everyone",
      "resource-policy-names-principals",
      "central",
      add("aws:s3/bucketPolicy:BucketPolicy", {
        policy: document({ Principal: "*", Action: "s3:GetObject", Resource: "*" }),
      }),
    ],
    [
      "a function that any API may invoke",
      "resource-policy-names-principals",
      "central",
      set("permission:Permission", "gatehouse-browser-authorizer", { sourceArn: undefined }),
    ],
    [
      "a bucket that can be made public",
      "buckets-are-closed",
      "central",
      drop("bucketPublicAccessBlock:BucketPublicAccessBlock"),
    ],
    ["a bucket that answers without TLS", "buckets-are-closed", "central", drop("bucketPolicy:BucketPolicy")],
    [
      "a bucket without encryption",
      "buckets-are-closed",
      "central",
      drop("bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"),
    ],
    [
      "a database in clear",
      "stores-are-encrypted",
      "central",
      set("rds/cluster:Cluster", "gatehouse-mlflow-database", { storageEncrypted: false }),
    ],
    [
      "a Studio domain without key",
      "stores-are-encrypted",
      "datascience",
      set("domain:Domain", "gatehouse-studio", { kmsKeyId: undefined }),
    ],
    [
      "a database that one call deletes",
      "data-is-kept",
      "central",
      set("rds/cluster:Cluster", "gatehouse-mlflow-database", { deletionProtection: false }),
    ],
    [
      "users that one call deletes",
      "data-is-kept",
      "central",
      set("userPool:UserPool", "gatehouse-login-pool", { deletionProtection: "INACTIVE" }),
    ],
    [
      "a public database",
      "database-is-private",
      "central",
      add("aws:rds/clusterInstance:ClusterInstance", { publiclyAccessible: true }),
    ],
    [
      "a trail whose files anybody could change unseen",
      "trails-show-changes",
      "central",
      add("aws:cloudtrail/trail:Trail", { kmsKeyId: "a-key" }),
    ],
    ["a log that never ends", "logs-end", "central", add("aws:cloudwatch/logGroup:LogGroup", {})],
    [
      "a function on an old runtime",
      "lambda-runtime-is-supported",
      "central",
      set("function:Function", "gatehouse-browser-authorizer", { runtime: "nodejs16.x" }),
    ],
    ["a container as root", "containers-are-confined", "central", container({ user: "root" })],
    [
      "a container that is told a secret in clear",
      "containers-are-confined",
      "central",
      container({ environment: [{ name: "DATABASE_PASSWORD", value: "hunter2" }] }),
    ],
    [
      "tasks with a public address",
      "service-is-private",
      "central",
      set("ecs/service:Service", "gatehouse-mlflow-service", { networkConfiguration: { assignPublicIp: true } }),
    ],
    [
      "ECS Exec",
      "service-is-private",
      "central",
      set("ecs/service:Service", "gatehouse-mlflow-service", { enableExecuteCommand: true }),
    ],
    [
      "a port open to the internet",
      "no-open-port",
      "central",
      add("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", { cidrIpv4: "0.0.0.0/0" }),
    ],
    ["two profiles with one role", "one-role-per-profile", "datascience", sharedRole],
  ];

  for (const [what, rule, stack, change] of BROKEN)
    it(`refuse ${what}`, async () => {
      const faults = faultsOf(change(await resourcesOf(stack)));
      assert.notEqual(faults.length, 0);
      assert.deepEqual([...new Set(faults.map((fault) => fault.split(": ")[0]))], [rule], faults.join("\n"));
    });

  it("have a broken stack for each of them", () => {
    const rules = [...RULES, ...STACK_RULES].map(({ name }) => name);
    assert.deepEqual([...new Set(BROKEN.map(([, rule]) => rule))].sort(), rules.sort());
  });
});

async function resourcesOf(stack: "central" | "datascience"): Promise<Declared[]> {
  return (await declaredPlan(stack)).resources.map(declared);
}

/** What a resource answers to, by resource. */
const answersTo = new WeakMap<Declared, ReadonlySet<unknown>>();

function declared({
  type,
  name,
  inputs,
  id,
  state,
}: Pick<Resource, "type" | "name" | "inputs" | "id" | "state">): Declared {
  const resource = { type, name, props: inputs, protect: false };
  answersTo.set(resource, new Set([id, state.bucket, state.arn].filter(Boolean)));
  return resource;
}

/** All that the rules find, as `rule: name: message`. */
function faultsOf(resources: readonly Declared[]): readonly string[] {
  // In the plan everything is known: a reference is a value.
  const refers: DeclaredStack["refers"] = (from, property, to) => {
    const known = answersTo.get(to);
    return (
      known !== undefined &&
      [...known].some((value) => JSON.stringify(from.props[property] ?? null).includes(JSON.stringify(value)))
    );
  };
  return [
    ...RULES.flatMap((rule) =>
      resources
        .filter(({ type }) => rule.types.includes(type))
        .flatMap((resource) => rule.check(resource).map((fault) => `${rule.name}: ${resource.name}: ${fault}`)),
    ),
    ...STACK_RULES.flatMap((rule) =>
      rule.check({ resources, refers }).map(({ on, message }) => `${rule.name}: ${on.name}: ${message}`),
    ),
  ];
}

function set(type: string, name: string, props: Readonly<Record<string, unknown>>): Change {
  return (resources) => {
    const found = resources.find((each) => each.type.endsWith(type) && each.name === name);
    assert.ok(found, `no ${type} ${name}`);
    return resources.map((each) =>
      each === found ? kept(found, { ...found, props: { ...found.props, ...props } }) : each,
    );
  };
}

function kept(before: Declared, after: Declared): Declared {
  answersTo.set(after, answersTo.get(before) ?? new Set());
  return after;
}

function add(type: string, props: Readonly<Record<string, unknown>>): Change {
  return (resources) => [...resources, { type, name: "planted", props, protect: false }];
}

function drop(type: string): Change {
  return (resources) => {
    const others = resources.filter((each) => !each.type.endsWith(type));
    assert.notEqual(others.length, resources.length, `no ${type}`);
    return others;
  };
}

function document(statement: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...statement } });
}

function grant(statement: object): Change {
  return add("aws:iam/rolePolicy:RolePolicy", { policy: document(statement) });
}

function trust(statement: object): Change {
  return add("aws:iam/role:Role", { assumeRolePolicy: document({ Action: "sts:AssumeRole", ...statement }) });
}

function persona(call: string): Change {
  const Resource = [`arn:aws:execute-api:eu-west-1:111111111111:abcdefghij/prod/${call}`];
  return add("aws:iam/policy:Policy", {
    name: "gatehouse-reader-9",
    path: "/gatehouse/",
    policy: document({ Action: "execute-api:Invoke", Resource }),
  });
}

function container(changed: object): Change {
  const whole = { name: "mlflow", user: "10001", readonlyRootFilesystem: true, ...changed };
  return add("aws:ecs/taskDefinition:TaskDefinition", { containerDefinitions: JSON.stringify([whole]) });
}

function sharedRole(resources: Declared[]): Declared[] {
  const [first, second] = resources.filter(({ type }) => type.endsWith("userProfile:UserProfile"));
  assert.ok(first && second);
  return resources.map((each) =>
    each === second ? { ...second, props: { ...second.props, userSettings: first.props.userSettings } } : each,
  );
}
