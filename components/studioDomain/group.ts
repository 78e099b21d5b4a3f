import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** Apps reach each other, their home directories, and HTTPS outside. Source: SageMaker guide, "Connect Studio in a VPC to external resources". */
export function studioGroup(
  name: string,
  vpcId: pulumi.Input<string>,
  opts: pulumi.ResourceOptions,
): aws.ec2.SecurityGroup {
  const group = new aws.ec2.SecurityGroup(name, { vpcId, description: "Apps of Studio" }, opts);
  const under = { ...opts, parent: group };
  const inside = [
    { child: `${name}-nfs`, fromPort: 2049, toPort: 2049 },
    { child: `${name}-kernels`, fromPort: 8192, toPort: 65535 },
  ];
  for (const { child, ...ports } of inside) {
    const rule = { securityGroupId: group.id, ipProtocol: "tcp", ...ports, referencedSecurityGroupId: group.id };
    new aws.vpc.SecurityGroupIngressRule(child, rule, under);
    new aws.vpc.SecurityGroupEgressRule(child, rule, under);
  }
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-https`,
    { securityGroupId: group.id, ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv4: "0.0.0.0/0" },
    under,
  );
  return group;
}
