import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** Lets one security group reach another on one TCP port: a rule out of the first and a rule into the second, nothing else. */
export function connect(
  name: string,
  from: aws.ec2.SecurityGroup,
  to: aws.ec2.SecurityGroup,
  port: number,
  opts: pulumi.ResourceOptions,
): readonly pulumi.Resource[] {
  const tcp = { ipProtocol: "tcp", fromPort: port, toPort: port };
  return [
    new aws.vpc.SecurityGroupEgressRule(
      name,
      { ...tcp, securityGroupId: from.id, referencedSecurityGroupId: to.id },
      opts,
    ),
    new aws.vpc.SecurityGroupIngressRule(
      name,
      { ...tcp, securityGroupId: to.id, referencedSecurityGroupId: from.id },
      opts,
    ),
  ];
}
