import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { SECURITY_GROUP } from "../settings/fields.ts";

/** Where a task serves its figures for Prometheus, apart from MLflow: neither the gateway nor the load balancer leads there. The port is the one that Prometheus's list of exporters gives OpenTelemetry's. */
export const METRICS_PORT = 9464;

/** Lets the company's collectors read a task's figures: one rule into its security group for each, on that port alone. */
export function scrapers(
  name: string,
  task: aws.ec2.SecurityGroup,
  from: readonly string[],
  opts: pulumi.ResourceOptions,
): readonly aws.vpc.SecurityGroupIngressRule[] {
  return from.map(
    (source) =>
      new aws.vpc.SecurityGroupIngressRule(
        // By source and not by place in the list: taking one out leaves the others alone.
        `${name}-${source.replaceAll(/[./]/g, "-")}`,
        {
          securityGroupId: task.id,
          ipProtocol: "tcp",
          fromPort: METRICS_PORT,
          toPort: METRICS_PORT,
          ...(SECURITY_GROUP.test(source) ? { referencedSecurityGroupId: source } : { cidrIpv4: source }),
        },
        opts,
      ),
  );
}
