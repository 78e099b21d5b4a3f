import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { privateBucket } from "../shared/bucket.ts";
import { MLFLOW_PORT } from "./environment.ts";

export interface LoadBalancerArgs {
  readonly account: string;
  readonly vpcId: pulumi.Input<string>;
  readonly subnetIds: readonly pulumi.Input<string>[];
  readonly securityGroupId: pulumi.Input<string>;
  /** Stage of the gateway, which a VPC link may send as the first part of the path. */
  readonly stage: string;
  /** null: HTTP. */
  readonly certificateArn: string | null;
  readonly deletionProtection: boolean;
  readonly logDays: number;
}

export interface LoadBalancer {
  readonly arn: pulumi.Output<string>;
  /** `app/<name>/<id>`. */
  readonly arnSuffix: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string>;
  readonly targetGroup: aws.lb.TargetGroup;
  /** Without it the target group takes no tasks. */
  readonly rule: aws.lb.ListenerRule;
}

/** Port of the listener. */
export function listenerPort(certificateArn: string | null): number {
  return certificateArn === null ? 80 : 443;
}

/** An internal load balancer that drops malformed headers and ambiguous requests and takes the gateway's stage off the path. */
export function loadBalancer(name: string, args: LoadBalancerArgs, opts: pulumi.ResourceOptions): LoadBalancer {
  const logs = privateBucket(
    `${name}-logs`,
    {
      retain: false,
      lifecycle: [{ id: "logs", status: "Enabled", filter: {}, expiration: { days: args.logDays } }],
      statements: (bucketArn) => [
        {
          Sid: "LoadBalancerWritesLogs",
          Effect: "Allow",
          Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
          Action: "s3:PutObject",
          Resource: `${bucketArn}/AWSLogs/${args.account}/*`,
        },
      ],
    },
    opts,
  );
  const balancer = new aws.lb.LoadBalancer(
    name,
    {
      loadBalancerType: "application",
      internal: true,
      subnets: [...args.subnetIds],
      securityGroups: [args.securityGroupId],
      dropInvalidHeaderFields: true,
      desyncMitigationMode: "strictest",
      // Shorter than MLflow keeps an idle connection (75 s, in the image): the one that closes first must be the load balancer.
      idleTimeout: 60,
      enableDeletionProtection: args.deletionProtection,
      accessLogs: { bucket: logs.bucket.bucket, enabled: true },
    },
    // ELB writes a first log to see whether it may.
    { ...opts, dependsOn: [logs.policy] },
  );
  const under = { ...opts, parent: balancer };
  const targetGroup = new aws.lb.TargetGroup(
    name,
    {
      vpcId: args.vpcId,
      targetType: "ip",
      port: MLFLOW_PORT,
      protocol: "HTTP",
      deregistrationDelay: 60,
      healthCheck: {
        path: "/health",
        matcher: "200",
        interval: 15,
        timeout: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
      },
    },
    under,
  );
  const listener = new aws.lb.Listener(
    name,
    {
      loadBalancerArn: balancer.arn,
      port: listenerPort(args.certificateArn),
      ...(args.certificateArn === null
        ? { protocol: "HTTP" }
        : {
            protocol: "HTTPS",
            certificateArn: args.certificateArn,
            sslPolicy: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
          }),
      defaultActions: [
        {
          type: "fixed-response",
          fixedResponse: { statusCode: "404", contentType: "text/plain", messageBody: "not found" },
        },
      ],
    },
    under,
  );
  const rule = new aws.lb.ListenerRule(
    name,
    {
      listenerArn: listener.arn,
      priority: 1,
      conditions: [{ pathPattern: { values: ["/*"] } }],
      actions: [{ type: "forward", targetGroupArn: targetGroup.arn }],
      transforms: [
        { type: "url-rewrite", urlRewriteConfig: { rewrite: { regex: `^/${args.stage}(/|$)`, replace: "/" } } },
      ],
    },
    { ...under, parent: listener },
  );
  return { arn: balancer.arn, arnSuffix: balancer.arnSuffix, dnsName: balancer.dnsName, targetGroup, rule };
}
