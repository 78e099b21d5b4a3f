import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { LoadBalancer } from "./loadBalancer.ts";

export interface NetworkLoadBalancerArgs {
  readonly vpcId: pulumi.Input<string>;
  readonly subnetIds: readonly pulumi.Input<string>[];
  /** The group from which the application load balancer takes requests. */
  readonly securityGroupId: pulumi.Input<string>;
  /** Port of the application load balancer. */
  readonly port: number;
  readonly tls: boolean;
  readonly behind: LoadBalancer;
  readonly deletionProtection: boolean;
}

/**
 * The network load balancer that a VPC link of the first kind (PrivateLink) needs, in front of the application load balancer, which goes on rewriting and
 * logging. Source: API Gateway guide, "Set up private integrations with VPC links V1".
 *
 * @returns its ARN
 */
export function networkLoadBalancer(
  name: string,
  args: NetworkLoadBalancerArgs,
  opts: pulumi.ResourceOptions,
): pulumi.Output<string> {
  const balancer = new aws.lb.LoadBalancer(
    name,
    {
      loadBalancerType: "network",
      internal: true,
      subnets: [...args.subnetIds],
      securityGroups: [args.securityGroupId],
      // PrivateLink's own addresses are in no security group. Nothing else gets in: the group has no way in.
      enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: "off",
      enableDeletionProtection: args.deletionProtection,
    },
    opts,
  );
  const under = { ...opts, parent: balancer };
  const targetGroup = new aws.lb.TargetGroup(
    name,
    {
      vpcId: args.vpcId,
      targetType: "alb",
      port: args.port,
      protocol: "TCP",
      healthCheck: { path: "/health", matcher: "200", protocol: args.tls ? "HTTPS" : "HTTP" },
    },
    under,
  );
  new aws.lb.TargetGroupAttachment(
    name,
    { targetGroupArn: targetGroup.arn, targetId: args.behind.arn, port: args.port },
    // A target has to listen already.
    { ...under, dependsOn: [args.behind.rule] },
  );
  new aws.lb.Listener(
    name,
    {
      loadBalancerArn: balancer.arn,
      port: args.port,
      protocol: "TCP",
      defaultActions: [{ type: "forward", targetGroupArn: targetGroup.arn }],
    },
    under,
  );
  return balancer.arn;
}
