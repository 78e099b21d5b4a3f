import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { plainServiceTrust } from "./trust.ts";

export interface LambdaArgs {
  readonly runtime: aws.lambda.Runtime;
  /** File name → text; `index` holds `handler`. */
  readonly files: Readonly<Record<string, string>>;
  /** MiB. */
  readonly memorySize: number;
  /** Seconds. */
  readonly timeout: number;
  readonly logDays: number;
  /** Key of its log. */
  readonly logKeyArn?: pulumi.Input<string>;
  /** What it may beside writing its log. */
  readonly statements?: readonly pulumi.Input<object>[];
  /** What else the function has. */
  readonly more?: Pick<aws.lambda.FunctionArgs, "kmsKeyArn" | "environment">;
}

/** A function with a log and a role of its own, which has no right but those given. */
export function lambdaFunction(name: string, args: LambdaArgs, opts: pulumi.ResourceOptions): aws.lambda.Function {
  const logGroup = new aws.cloudwatch.LogGroup(
    name,
    { retentionInDays: args.logDays, ...(args.logKeyArn === undefined ? {} : { kmsKeyId: args.logKeyArn }) },
    opts,
  );
  const role = new aws.iam.Role(name, { assumeRolePolicy: plainServiceTrust("lambda.amazonaws.com") }, opts);
  const rights = new aws.iam.RolePolicy(
    name,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "Logs",
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
            Resource: pulumi.interpolate`${logGroup.arn}:*`,
          },
          ...(args.statements ?? []),
        ],
      }),
    },
    { ...opts, parent: role },
  );
  return new aws.lambda.Function(
    name,
    {
      runtime: args.runtime,
      architectures: ["arm64"],
      handler: "index.handler",
      code: new pulumi.asset.AssetArchive(
        Object.fromEntries(
          Object.entries(args.files).map(([file, text]) => [file, new pulumi.asset.StringAsset(text)] as const),
        ),
      ),
      role: role.arn,
      memorySize: args.memorySize,
      timeout: args.timeout,
      ...args.more,
      loggingConfig: {
        logFormat: "JSON",
        logGroup: logGroup.name,
        applicationLogLevel: "INFO",
        systemLogLevel: "WARN",
      },
    },
    { ...opts, dependsOn: [rights] },
  );
}
