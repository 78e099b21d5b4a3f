import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type AccessTable, readAccessItem } from "../shared/accessTable.ts";
import { serviceTrust } from "../shared/trust.ts";

export interface TaskRolesArgs {
  readonly account: string;
  readonly region: string;
  readonly bucketArn: pulumi.Input<string>;
  readonly kmsKeyArn: pulumi.Input<string>;
  /** The administrator's password, with which the container `migrate` makes MLflow's user. */
  readonly databaseSecretArn: pulumi.Input<string>;
  /** MLflow's user of the database; null where it logs in by password. */
  readonly databaseLoginArn: pulumi.Input<string> | null;
  /** Cluster that may be snapshotted before an upgrade; null: none. */
  readonly snapshots: { readonly clusterArn: pulumi.Input<string>; readonly cluster: pulumi.Input<string> } | null;
  readonly logGroupArn: pulumi.Input<string>;
  /** Secrets that ECS puts into the container's environment. */
  readonly secretArns: readonly pulumi.Input<string>[];
  /** MLflow may invoke Bedrock models. */
  readonly aiGateway: boolean;
  /** Repository of an image that this account holds; any where the image is given by URI. */
  readonly repositoryArn: pulumi.Input<string>;
  readonly accessTable: AccessTable;
}

export interface TaskRoles {
  readonly task: aws.iam.Role;
  readonly execution: aws.iam.Role;
  /** Rights that have to be there before a task starts. */
  readonly policies: readonly aws.iam.RolePolicy[];
}

/** What MLflow itself may do (one bucket, its database's password) and what ECS may do to start it. */
export function taskRoles(name: string, args: TaskRolesArgs, opts: pulumi.ResourceOptions): TaskRoles {
  const role = (kind: string, statements: pulumi.Input<pulumi.Input<object>[]>) => {
    const child = `${name}-${kind}`;
    const made = new aws.iam.Role(
      child,
      { assumeRolePolicy: serviceTrust("ecs-tasks.amazonaws.com", args.account) },
      opts,
    );
    const policy = new aws.iam.RolePolicy(
      child,
      { role: made.id, policy: pulumi.jsonStringify({ Version: "2012-10-17", Statement: statements }) },
      { ...opts, parent: made },
    );
    return { made, policy };
  };
  const task = role("task", taskStatements(args));
  const execution = role("execution", executionStatements(args));
  return { task: task.made, execution: execution.made, policies: [task.policy, execution.policy] };
}

function taskStatements(args: TaskRolesArgs): pulumi.Input<object>[] {
  const objects = pulumi.interpolate`${args.bucketArn}/*`;
  return [
    {
      Sid: "Artifacts",
      Effect: "Allow",
      Action: [
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
      ],
      Resource: objects,
    },
    {
      Sid: "ListArtifacts",
      Effect: "Allow",
      Action: ["s3:ListBucket", "s3:GetBucketLocation"],
      Resource: args.bucketArn,
    },
    {
      Sid: "DatabasePassword",
      Effect: "Allow",
      Action: "secretsmanager:GetSecretValue",
      Resource: args.databaseSecretArn,
    },
    ...(args.databaseLoginArn === null
      ? []
      : [{ Sid: "DatabaseLogin", Effect: "Allow", Action: "rds-db:connect", Resource: args.databaseLoginArn }]),
    ...(args.snapshots === null ? [] : [snapshotStatement(args, args.snapshots)]),
    {
      Sid: "KeyOfBoth",
      Effect: "Allow",
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Resource: args.kmsKeyArn,
      Condition: {
        StringEquals: {
          "kms:ViaService": [`s3.${args.region}.amazonaws.com`, `secretsmanager.${args.region}.amazonaws.com`],
        },
      },
    },
    readAccessItem(args.accessTable),
    ...(args.aiGateway
      ? [
          {
            Sid: "Models",
            Effect: "Allow",
            Action: ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
            Resource: [
              `arn:aws:bedrock:*::foundation-model/*`,
              `arn:aws:bedrock:${args.region}:${args.account}:inference-profile/*`,
            ],
          },
        ]
      : []),
  ];
}

/** Takes and finds snapshots of the one cluster; deletes and restores none. */
function snapshotStatement(
  { region, account }: TaskRolesArgs,
  { clusterArn, cluster }: NonNullable<TaskRolesArgs["snapshots"]>,
): pulumi.Input<object> {
  return {
    Sid: "SnapshotBeforeUpgrade",
    Effect: "Allow",
    Action: ["rds:CreateDBClusterSnapshot", "rds:DescribeDBClusterSnapshots"],
    Resource: [clusterArn, pulumi.interpolate`arn:aws:rds:${region}:${account}:cluster-snapshot:${cluster}-before-*`],
  };
}

function executionStatements(args: TaskRolesArgs): pulumi.Input<object>[] {
  return [
    // The one action here that takes no resource.
    { Sid: "RegistryLogin", Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
    {
      Sid: "Image",
      Effect: "Allow",
      Action: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
      Resource: args.repositoryArn,
    },
    {
      Sid: "Logs",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: pulumi.interpolate`${args.logGroupArn}:*`,
    },
    {
      Sid: "Secrets",
      Effect: "Allow",
      Action: "secretsmanager:GetSecretValue",
      Resource: [...args.secretArns],
    },
    {
      Sid: "KeyOfSecrets",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: args.kmsKeyArn,
      Condition: { StringEquals: { "kms:ViaService": `secretsmanager.${args.region}.amazonaws.com` } },
    },
  ];
}
