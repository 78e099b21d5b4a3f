import { folderOf, PACKAGES } from "./files.ts";
import { PARAMETERS } from "./lifecycle.ts";

/** What a role's own code and jobs need, in its own corner of the account. */
export interface WorkPermissionsArgs {
  readonly account: string;
  readonly region: string;
  /** Profile or job whose corner it is. */
  readonly profile: string;
  readonly roleName: string;
  readonly roleArn: string;
  readonly bucketArn: string;
  readonly vpcArn: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
}

/**
 * What a job's name begins with. A profile's name has single hyphens alone, so no profile's prefix begins another's.
 */
export function jobPrefix(profile: string): string {
  return `${profile}--`;
}

/** Files, logs, images and network of a person's code and jobs: nothing of a colleague's. */
export function workPermissions(args: WorkPermissionsArgs) {
  const { account, region, profile, bucketArn, vpcArn } = args;
  const ec2 = (rest: string) => `arn:aws:ec2:${region}:${account}:${rest}`;
  const folder = folderOf(profile);
  const jobLogs = ["TrainingJobs", "ProcessingJobs"].map(
    (group) => `arn:aws:logs:${region}:${account}:log-group:/aws/sagemaker/${group}:log-stream:${jobPrefix(profile)}*`,
  );
  return [
    { Sid: "ReadPackages", Effect: "Allow", Action: "s3:GetObject", Resource: `${bucketArn}/${PACKAGES}/*` },
    {
      Sid: "OwnFolder",
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
      Resource: `${bucketArn}/${folder}/*`,
    },
    {
      // SageMaker lists what it brings into a job's container.
      Sid: "ListOwnFolder",
      Effect: "Allow",
      Action: "s3:ListBucket",
      Resource: bucketArn,
      Condition: { StringLike: { "s3:prefix": [`${folder}/*`, `${PACKAGES}/*`] } },
    },
    {
      Sid: "OwnSettings",
      Effect: "Allow",
      Action: "ssm:GetParameter",
      Resource: `arn:aws:ssm:${region}:${account}:parameter${PARAMETERS}/${args.roleName}`,
    },
    {
      Sid: "LogsOfOwnJobs",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:GetLogEvents"],
      Resource: jobLogs,
    },
    {
      Sid: "GroupsOfJobLogs",
      Effect: "Allow",
      Action: ["logs:CreateLogGroup", "logs:DescribeLogStreams"],
      Resource: `arn:aws:logs:${region}:${account}:log-group:/aws/sagemaker/*`,
    },
    {
      Sid: "PullImages",
      Effect: "Allow",
      Action: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
      // SageMaker's own images lie in accounts of AWS.
      Resource: `arn:aws:ecr:${region}:*:repository/*`,
    },
    {
      Sid: "NetworkOfOwnJobs",
      Effect: "Allow",
      Action: ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"],
      Resource: ec2("network-interface/*"),
      Condition: { ArnLikeIfExists: { "ec2:Vpc": vpcArn } },
    },
    {
      Sid: "PlaceOfOwnJobs",
      Effect: "Allow",
      Action: "ec2:CreateNetworkInterface",
      Resource: [
        ...args.subnetIds.map((subnet) => ec2(`subnet/${subnet}`)),
        ec2(`security-group/${args.securityGroupId}`),
      ],
    },
    {
      Sid: "NetworkForSageMakerAlone",
      Effect: "Allow",
      Action: "ec2:CreateNetworkInterfacePermission",
      Resource: ec2("network-interface/*"),
      Condition: { StringEquals: { "ec2:AuthorizedService": "sagemaker.amazonaws.com" } },
    },
    {
      // Calls that know no resource.
      Sid: "Look",
      Effect: "Allow",
      Action: [
        "ecr:GetAuthorizationToken",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeVpcs",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
      ],
      Resource: "*",
    },
  ];
}

export interface JobPermissionsArgs extends WorkPermissionsArgs {
  /** Instance types of jobs. */
  readonly instanceTypes: readonly string[];
}

const KINDS = ["training-job", "processing-job", "hyper-parameter-tuning-job"];

/** Training, processing and tuning jobs that run as the person himself: with his role, in the account's subnets, under his own prefix. */
export function jobPermissions(args: JobPermissionsArgs) {
  const own = KINDS.map(
    (kind) => `arn:aws:sagemaker:${args.region}:${args.account}:${kind}/${jobPrefix(args.profile)}*`,
  );
  return [
    {
      Sid: "OwnRoleToJobs",
      Effect: "Allow",
      Action: "iam:PassRole",
      Resource: args.roleArn,
      Condition: { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } },
    },
    {
      Sid: "StartOwnJobs",
      Effect: "Allow",
      Action: [
        "sagemaker:CreateTrainingJob",
        "sagemaker:CreateProcessingJob",
        "sagemaker:CreateHyperParameterTuningJob",
      ],
      Resource: own,
      Condition: {
        "ForAllValues:StringEquals": {
          "sagemaker:InstanceTypes": [...args.instanceTypes],
          "sagemaker:VpcSubnets": [...args.subnetIds],
          "sagemaker:VpcSecurityGroupIds": [args.securityGroupId],
        },
        Null: { "sagemaker:VpcSubnets": "false", "sagemaker:VpcSecurityGroupIds": "false" },
      },
    },
    {
      Sid: "OwnJobs",
      Effect: "Allow",
      Action: [
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        "sagemaker:DescribeProcessingJob",
        "sagemaker:StopProcessingJob",
        "sagemaker:DescribeHyperParameterTuningJob",
        "sagemaker:StopHyperParameterTuningJob",
        "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
        "sagemaker:AddTags",
      ],
      Resource: own,
    },
  ];
}
