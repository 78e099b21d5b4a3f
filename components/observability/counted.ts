import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { NAMESPACE, type Watched } from "./watched.ts";

/** What is counted in logs. Source of patterns: CloudWatch Logs guide, "Filter pattern syntax for metric filters". */
export function countedInLogs(name: string, { doors, log }: Watched, opts: pulumi.ResourceOptions): void {
  const filters: readonly (readonly [string, pulumi.Input<string>, string])[] = [
    // API Gateway quotes every value of the access log's format.
    ["Denials-code", doors.code.accessLog, '{ $.status = "401" || $.status = "403" }'],
    ["Denials-browser", doors.browser.accessLog, '{ $.status = "401" || $.status = "403" }'],
    ["Unproven", log, '{ $.gatehouse = "refused" && $.why = "*reached through the gateway only*" }'],
    ["AccessPolicyUnread", log, '{ $.gatehouse = "access policy not read" }'],
  ];
  for (const [metric, logGroupName, pattern] of filters)
    new aws.cloudwatch.LogMetricFilter(
      `${name}-${metric.toLowerCase()}`,
      {
        logGroupName,
        pattern,
        metricTransformation: { namespace: NAMESPACE, name: metric, value: "1", defaultValue: "0" },
      },
      opts,
    );
}
