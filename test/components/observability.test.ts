import assert from "node:assert/strict";
import type { Run } from "./record.ts";
import { centralRun } from "./stacks.ts";

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter";

/** A value with this text, or undefined. */
function valueAt(record: unknown, key: string): unknown {
  return (record as Readonly<Record<string, unknown>> | undefined)?.[key];
}

describe("observability of the central account", () => {
  let run: Run;
  before(async () => {
    run = await centralRun({ alarms: { email: "ops@acme.example", p99Ms: 1500, denialsPerMinute: 10 } });
  });

  it("alarms when a door fails, is slow or refuses many, when MLflow is bypassed, ill, full, and when its database is", () => {
    const names = run.all(ALARM).map(({ name }) => name.replace(/^gatehouse-/, ""));
    assert.deepEqual(names.sort(), [
      "access-policy",
      "browser-denials",
      "browser-errors",
      "browser-slow",
      "code-denials",
      "code-errors",
      "code-slow",
      "database-capacity",
      "tasks-cpu",
      "tasks-memory",
      "unhealthy",
      "unproven",
    ]);
    const of = (name: string) => run.all(ALARM).find((each) => each.name === `gatehouse-${name}`)?.inputs;
    assert.equal(of("code-slow")?.threshold, 1500);
    assert.equal(of("browser-denials")?.threshold, 10);
    for (const { inputs, name } of run.all(ALARM)) {
      assert.match(String(inputs.alarmDescription), /:|limit/, name);
      assert.equal((inputs.alarmActions as unknown[]).length, 1, name);
    }
  });

  it("looks at things that are there: dimensions and log groups are those of declared resources", () => {
    const logs = new Set(run.all("aws:cloudwatch/logGroup:LogGroup").map(({ state }) => state.name));
    for (const { inputs, name } of run.all(FILTER)) assert.ok(logs.has(inputs.logGroupName), name);
    const counted = new Set(run.all(FILTER).map(({ inputs }) => valueAt(inputs.metricTransformation, "name")));
    const apis = new Set(run.all("aws:apigateway/restApi:RestApi").map(({ inputs }) => inputs.name));
    for (const { inputs, name } of run.all(ALARM)) {
      if (inputs.namespace === "Gatehouse") assert.ok(counted.has(inputs.metricName), name);
      if (inputs.namespace === "AWS/ApiGateway") assert.ok(apis.has(valueAt(inputs.dimensions, "ApiName")), name);
    }
    const service = run.all("aws:ecs/service:Service")[0];
    const cpu = run.all(ALARM).find(({ name }) => name.endsWith("tasks-cpu"));
    assert.equal(valueAt(cpu?.inputs.dimensions, "ServiceName"), service?.state.name);
  });

  it("shows all of it on one dashboard, with every name known", () => {
    const [dashboard] = run.all("aws:cloudwatch/dashboard:Dashboard");
    const body = JSON.parse(String(dashboard?.inputs.dashboardBody)) as Record<string, unknown>;
    assert.equal((body.widgets as unknown[]).length, 8);
    assert.doesNotMatch(JSON.stringify(body), /undefined|\[object|Output</);
  });

  it("tells by an encrypted topic that CloudWatch of this account alone may fill", () => {
    const [topic] = run.all("aws:sns/topic:Topic");
    assert.ok(topic?.inputs.kmsMasterKeyId);
    const [policy] = run.all("aws:sns/topicPolicy:TopicPolicy");
    assert.match(JSON.stringify(policy?.inputs.policy), /cloudwatch\.amazonaws\.com.*aws:SourceAccount/);
    const [mail] = run.all("aws:sns/topicSubscription:TopicSubscription");
    assert.deepEqual([mail?.inputs.protocol, mail?.inputs.endpoint], ["email", "ops@acme.example"]);
  });
});
