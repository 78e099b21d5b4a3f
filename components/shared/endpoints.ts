import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

export interface InterfaceEndpointsArgs {
  readonly region: string;
  /** AWS services, such as `ecr.api`. */
  readonly services: readonly string[];
  /** Who reaches them by HTTPS. */
  readonly from: { readonly cidrIpv4: string } | { readonly referencedSecurityGroupId: pulumi.Input<string> };
  readonly vpcId: pulumi.Input<string>;
  readonly subnetIds: readonly pulumi.Input<string>[];
}

/** Interface endpoints under the services' own names, and a security group that lets HTTPS in. */
export function interfaceEndpoints(
  name: string,
  { region, services, from, vpcId, subnetIds }: InterfaceEndpointsArgs,
  opts: pulumi.ResourceOptions,
): readonly pulumi.Resource[] {
  const group = new aws.ec2.SecurityGroup(
    `${name}-endpoints`,
    { vpcId, description: "HTTPS from the VPC to interface endpoints" },
    opts,
  );
  const rule = new aws.vpc.SecurityGroupIngressRule(
    `${name}-endpoints`,
    { securityGroupId: group.id, ipProtocol: "tcp", fromPort: 443, toPort: 443, ...from },
    { ...opts, parent: group },
  );
  const endpoints = services.map(
    (service) =>
      new aws.ec2.VpcEndpoint(
        `${name}-${service.replaceAll(".", "-")}`,
        {
          vpcId,
          serviceName: `com.amazonaws.${region}.${service}`,
          vpcEndpointType: "Interface",
          privateDnsEnabled: true,
          // S3 keeps its name to on-premises resolvers otherwise. Source: S3 guide, "AWS PrivateLink for Amazon S3", private DNS.
          ...(service === "s3" ? { dnsOptions: { privateDnsOnlyForInboundResolverEndpoint: false } } : {}),
          subnetIds: [...subnetIds],
          securityGroupIds: [group.id],
        },
        opts,
      ),
  );
  return [rule, ...endpoints];
}
