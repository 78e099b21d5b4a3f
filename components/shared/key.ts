import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface DataKeyArgs {
  readonly account: string;
  readonly region: string;
  /** What the key protects, for the console. */
  readonly description: string;
  /** Names of the trails of CloudTrail that encrypt their files with it. */
  readonly trails?: readonly string[];
}

/** A customer managed key that rotates every year. It outlives the stack: what it encrypted would be lost with it. */
export function dataKey(name: string, args: DataKeyArgs, opts: pulumi.ResourceOptions): aws.kms.Key {
  return new aws.kms.Key(
    name,
    {
      description: args.description,
      enableKeyRotation: true,
      deletionWindowInDays: 30,
      policy: pulumi.jsonStringify(keyPolicy(args)),
    },
    { ...opts, retainOnDelete: true },
  );
}

/** The account's own IAM policies decide on the key, as AWS's default key policy says; CloudWatch needs statements of its own. */
function keyPolicy({ account, region, trails = [] }: DataKeyArgs) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "IamOfThisAccount",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: "kms:*",
        Resource: "*",
      },
      {
        Sid: "LogsOfThisAccount",
        Effect: "Allow",
        Principal: { Service: `logs.${region}.amazonaws.com` },
        Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        Resource: "*",
        Condition: {
          ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${region}:${account}:log-group:*` },
        },
      },
      {
        Sid: "AlarmsOfThisAccount",
        Effect: "Allow",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
        Resource: "*",
        Condition: { StringEquals: { "aws:SourceAccount": account } },
      },
      ...trails.map((trail) => trailStatement(trailArn({ account, region, trail }))),
    ],
  };
}

/** ARN of a trail, which its bucket and its key have to name before it is made. */
export function trailArn(of: { readonly account: string; readonly region: string; readonly trail: string }): string {
  return `arn:aws:cloudtrail:${of.region}:${of.account}:trail/${of.trail}`;
}

/** Source: CloudTrail guide, "Configure AWS KMS key policies for CloudTrail". */
function trailStatement(arn: string) {
  return {
    Sid: "TrailOfThisAccount",
    Effect: "Allow",
    Principal: { Service: "cloudtrail.amazonaws.com" },
    Action: ["kms:GenerateDataKey*", "kms:DescribeKey"],
    Resource: "*",
    Condition: { StringEquals: { "aws:SourceArn": arn } },
  };
}
