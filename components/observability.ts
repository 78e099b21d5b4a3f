import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { alarmSpecs } from "./observability/alarmSpecs.ts";
import { countedInLogs } from "./observability/counted.ts";
import { dashboardBody } from "./observability/dashboard.ts";
import type { Watched } from "./observability/watched.ts";
import type { CentralSettings } from "./settings/central.ts";

export interface ObservabilityArgs {
  readonly account: string;
  readonly watched: Watched;
  readonly settings: CentralSettings["alarms"];
  readonly kmsKeyArn: pulumi.Input<string>;
}

export interface Observability {
  /** Where alarms are told; more than one may subscribe. */
  readonly topicArn: pulumi.Output<string>;
  readonly dashboardUrl: pulumi.Output<string>;
}

/** One dashboard, and alarms that say what to do, for a central stack. */
export function observability(
  name: string,
  { account, watched, settings, kmsKeyArn }: ObservabilityArgs,
  opts: pulumi.ResourceOptions,
): Observability {
  const topic = new aws.sns.Topic(name, { kmsMasterKeyId: kmsKeyArn }, opts);
  const under = { ...opts, parent: topic };
  new aws.sns.TopicPolicy(
    name,
    {
      arn: topic.arn,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "AlarmsOfThisAccount",
            Effect: "Allow",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Action: "sns:Publish",
            Resource: topic.arn,
            Condition: { StringEquals: { "aws:SourceAccount": account } },
          },
        ],
      }),
    },
    under,
  );
  if (settings.email !== null)
    new aws.sns.TopicSubscription(name, { topic: topic.arn, protocol: "email", endpoint: settings.email }, under);
  countedInLogs(name, watched, opts);
  for (const spec of alarmSpecs(watched, settings))
    new aws.cloudwatch.MetricAlarm(
      `${name}-${spec.name}`,
      {
        alarmDescription: spec.description,
        namespace: spec.namespace,
        metricName: spec.metric,
        ...(spec.dimensions ? { dimensions: { ...spec.dimensions } } : {}),
        ...(spec.statistic.startsWith("p") ? { extendedStatistic: spec.statistic } : { statistic: spec.statistic }),
        period: spec.period,
        evaluationPeriods: spec.periods,
        threshold: spec.above,
        comparisonOperator: "GreaterThanThreshold",
        treatMissingData: spec.silence === "fault" ? "breaching" : "notBreaching",
        alarmActions: [topic.arn],
        okActions: [topic.arn],
      },
      under,
    );
  const { doors } = watched;
  const dashboard = new aws.cloudwatch.Dashboard(
    name,
    {
      dashboardName: name,
      dashboardBody: pulumi
        .output({
          region: watched.region,
          codeApi: doors.code.api,
          browserApi: doors.browser.api,
          codeLog: doors.code.accessLog,
          browserLog: doors.browser.accessLog,
          stage: doors.code.stage,
          cluster: watched.cluster,
          service: watched.service,
          database: watched.database,
          loadBalancer: watched.loadBalancer,
          targetGroup: watched.targetGroup,
        })
        .apply(dashboardBody),
    },
    opts,
  );
  return {
    topicArn: topic.arn,
    dashboardUrl: pulumi.interpolate`https://${watched.region}.console.aws.amazon.com/cloudwatch/home?region=${watched.region}#dashboards/dashboard/${dashboard.dashboardName}`,
  };
}
