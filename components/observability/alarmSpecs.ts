import type * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";
import { NAMESPACE, type Watched } from "./watched.ts";

/** One alarm: what is looked at, when it is too much, and what to do then. */
export interface AlarmSpec {
  readonly name: string;
  /** What it means and where to look first. */
  readonly description: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions?: Readonly<Record<string, pulumi.Input<string>>>;
  /** `Sum`, `Maximum`, … or a percentile such as `p99`. */
  readonly statistic: string;
  /** Seconds. */
  readonly period: number;
  /** Periods in a row. */
  readonly periods: number;
  readonly above: number;
  /** Whether no data at all is a fault, too. */
  readonly silence?: "fault";
}

/** Every alarm of a central stack. Source of metrics: CloudWatch metrics of API Gateway, Application Load Balancer, ECS and Aurora. */
export function alarmSpecs(watched: Watched, settings: CentralSettings["alarms"]): readonly AlarmSpec[] {
  const doors = (["code", "browser"] as const).flatMap((door): readonly AlarmSpec[] => {
    const { api, stage } = watched.doors[door];
    const gateway = { namespace: "AWS/ApiGateway", dimensions: { ApiName: api, Stage: stage } };
    return [
      {
        ...gateway,
        name: `${door}-errors`,
        description: `The ${door} door answers with 5xx: see integrationStatus and authorizerError in its access log`,
        metric: "5XXError",
        statistic: "Sum",
        period: 300,
        periods: 2,
        above: 5,
      },
      {
        ...gateway,
        name: `${door}-slow`,
        description: `One in a hundred answers of the ${door} door takes longer than ${settings.p99Ms} ms: see CPU of the tasks and of the database`,
        metric: "Latency",
        statistic: "p99",
        period: 300,
        periods: 3,
        above: settings.p99Ms,
      },
      {
        name: `${door}-denials`,
        description: `More than ${settings.denialsPerMinute} refusals a minute at the ${door} door: see who and why in its access log; a wrong role in a job, or somebody who tries`,
        namespace: NAMESPACE,
        metric: `Denials-${door}`,
        statistic: "Sum",
        period: 60,
        periods: 5,
        above: settings.denialsPerMinute,
      },
    ];
  });
  const balancer = { LoadBalancer: watched.loadBalancer, TargetGroup: watched.targetGroup };
  const tasks = { ClusterName: watched.cluster, ServiceName: watched.service };
  const database = { DBClusterIdentifier: watched.database };
  return [
    ...doors,
    {
      name: "unproven",
      description:
        "Requests without the gateway's proof reach MLflow: something inside the VPC goes around the gateway, or a proof was changed on one side alone",
      namespace: NAMESPACE,
      metric: "Unproven",
      statistic: "Sum",
      period: 300,
      periods: 1,
      above: 0,
    },
    {
      name: "access-policy",
      description:
        "MLflow can't read the access policy; after 15 minutes it lets nobody in: see the table gatehouse-access-policy and `gatehouse policy show`",
      namespace: NAMESPACE,
      metric: "AccessPolicyUnread",
      statistic: "Sum",
      period: 300,
      periods: 1,
      above: 4,
    },
    {
      name: "unhealthy",
      description: "A task of MLflow does not answer /health: see its log and the events of the ECS service",
      namespace: "AWS/ApplicationELB",
      metric: "UnHealthyHostCount",
      dimensions: balancer,
      statistic: "Maximum",
      period: 60,
      periods: 3,
      above: 0,
    },
    {
      name: "tasks-cpu",
      description: "MLflow's tasks work at their limit: raise server.tasks.max or server.cpu",
      namespace: "AWS/ECS",
      metric: "CPUUtilization",
      dimensions: tasks,
      statistic: "Average",
      period: 300,
      periods: 3,
      above: 85,
      silence: "fault",
    },
    {
      name: "tasks-memory",
      description: "MLflow's tasks run out of memory: raise server.memory or lower server.workers",
      namespace: "AWS/ECS",
      metric: "MemoryUtilization",
      dimensions: tasks,
      statistic: "Maximum",
      period: 300,
      periods: 2,
      above: 85,
    },
    {
      name: "database-capacity",
      description: "Aurora works at database.maxAcu: raise it, or find the query in Performance Insights",
      namespace: "AWS/RDS",
      metric: "ACUUtilization",
      dimensions: database,
      statistic: "Average",
      period: 300,
      periods: 3,
      above: 90,
    },
  ];
}
