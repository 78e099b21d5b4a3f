import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { serviceTrust } from "./trust.ts";

export interface FlowLogsArgs {
  readonly account: string;
  readonly vpcId: pulumi.Input<string>;
  readonly kmsKeyArn: pulumi.Input<string>;
}

/** Who talked to whom in a VPC, refused connections included, for 90 days. */
export function flowLogs(name: string, args: FlowLogsArgs, opts: pulumi.ResourceOptions): void {
  const group = new aws.cloudwatch.LogGroup(name, { retentionInDays: 90, kmsKeyId: args.kmsKeyArn }, opts);
  const role = new aws.iam.Role(
    name,
    { assumeRolePolicy: serviceTrust("vpc-flow-logs.amazonaws.com", args.account) },
    opts,
  );
  new aws.iam.RolePolicy(
    name,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            Resource: [group.arn, pulumi.interpolate`${group.arn}:*`],
          },
        ],
      }),
    },
    { ...opts, parent: role },
  );
  new aws.ec2.FlowLog(
    name,
    { vpcId: args.vpcId, trafficType: "ALL", logDestination: group.arn, iamRoleArn: role.arn },
    opts,
  );
}
