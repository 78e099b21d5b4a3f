import { NAMESPACE } from "./watched.ts";

/** The names of `Watched`, known. */
export interface Shown {
  readonly region: string;
  readonly codeApi: string;
  readonly browserApi: string;
  readonly codeLog: string;
  readonly browserLog: string;
  readonly stage: string;
  readonly cluster: string;
  readonly service: string;
  readonly database: string;
  readonly loadBalancer: string;
  readonly targetGroup: string;
}

type Metric = readonly [string, string, ...(string | { readonly stat?: string; readonly label?: string })[]];

/** Body of the dashboard, as JSON. Source: CloudWatch API reference, "Dashboard body structure and syntax". */
export function dashboardBody(shown: Shown): string {
  const { region, stage } = shown;
  const doors = [
    ["code", shown.codeApi],
    ["browser", shown.browserApi],
  ] as const;
  const ofDoors = (metric: string, stat: string): Metric[] =>
    doors.map(([door, api]) => [
      "AWS/ApiGateway",
      metric,
      "ApiName",
      api,
      "Stage",
      stage,
      { stat, label: `${door} ${stat}` },
    ]);
  const chart = (title: string, metrics: readonly Metric[]) => ({
    type: "metric",
    width: 8,
    height: 6,
    properties: { title, region, view: "timeSeries", period: 60, metrics },
  });
  const tasks = ["ClusterName", shown.cluster, "ServiceName", shown.service] as const;
  const cluster = ["DBClusterIdentifier", shown.database] as const;
  return JSON.stringify({
    widgets: [
      chart("Requests", ofDoors("Count", "Sum")),
      chart("Refusals", [
        [NAMESPACE, "Denials-code", { stat: "Sum", label: "code" }],
        [NAMESPACE, "Denials-browser", { stat: "Sum", label: "browser" }],
        [NAMESPACE, "Unproven", { stat: "Sum", label: "without the gateway's proof" }],
      ]),
      chart("Errors (5xx)", ofDoors("5XXError", "Sum")),
      chart("Latency, ms", [...ofDoors("Latency", "p50"), ...ofDoors("Latency", "p99")]),
      chart("MLflow's tasks, %", [
        ["AWS/ECS", "CPUUtilization", ...tasks, { stat: "Average", label: "CPU" }],
        ["AWS/ECS", "MemoryUtilization", ...tasks, { stat: "Maximum", label: "memory" }],
      ]),
      chart("Healthy tasks", [
        [
          "AWS/ApplicationELB",
          "HealthyHostCount",
          "LoadBalancer",
          shown.loadBalancer,
          "TargetGroup",
          shown.targetGroup,
          { stat: "Minimum" },
        ],
      ]),
      chart("Database", [
        ["AWS/RDS", "ServerlessDatabaseCapacity", ...cluster, { stat: "Average", label: "ACU" }],
        ["AWS/RDS", "DatabaseConnections", ...cluster, { stat: "Average", label: "connections" }],
      ]),
      {
        type: "log",
        width: 16,
        height: 6,
        properties: {
          title: "Who was refused, and what",
          region,
          view: "table",
          query: `SOURCE '${shown.codeLog}' | SOURCE '${shown.browserLog}' | filter status = "401" or status = "403" | stats count(*) as refusals by person, door, method, path | sort refusals desc | limit 50`,
        },
      },
    ],
  });
}
