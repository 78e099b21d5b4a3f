/** What a person's own execution role needs to know to be limited to his own things. */
export interface StudioPermissionsArgs {
  readonly account: string;
  readonly region: string;
  readonly domainId: string;
  readonly profile: string;
  /** Instance types he may start. */
  readonly instanceTypes: readonly string[];
  readonly kmsKeyArn: string;
}

/**
 * What a person may do in Studio: see the domain, and open, change and close private spaces and apps of his own profile.
 * A space runs with its owner's role: whoever opens a colleague's space would be him.
 */
export function studioPermissions(args: StudioPermissionsArgs) {
  const { account, region, domainId, profile } = args;
  const arn = (kind: string, rest: string): string =>
    `arn:aws:sagemaker:${region}:${account}:${kind}/${domainId}${rest}`;
  const own = arn("user-profile", `/${profile}`);
  const ownPrivate = {
    ArnLike: { "sagemaker:OwnerUserProfileArn": own },
    StringEquals: { "sagemaker:SpaceSharingType": "Private" },
  };
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "SeeTheDomain",
        Effect: "Allow",
        Action: [
          "sagemaker:DescribeDomain",
          "sagemaker:DescribeSpace",
          "sagemaker:DescribeApp",
          "sagemaker:ListSpaces",
          "sagemaker:ListApps",
        ],
        Resource: [arn("domain", ""), arn("space", "/*"), arn("app", "/*")],
      },
      {
        Sid: "OpenStudioAsOneself",
        Effect: "Allow",
        Action: ["sagemaker:DescribeUserProfile", "sagemaker:CreatePresignedDomainUrl"],
        Resource: own,
      },
      {
        Sid: "OwnSpaces",
        Effect: "Allow",
        Action: ["sagemaker:CreateSpace", "sagemaker:UpdateSpace", "sagemaker:DeleteSpace"],
        Resource: arn("space", "/*"),
        Condition: ownPrivate,
      },
      {
        Sid: "CloseOwnApps",
        Effect: "Allow",
        Action: "sagemaker:DeleteApp",
        Resource: arn("app", "/*"),
        Condition: ownPrivate,
      },
      {
        Sid: "StartOwnApps",
        Effect: "Allow",
        Action: "sagemaker:CreateApp",
        // No app but JupyterLab; SageMaker's pages spell the type in both ways.
        Resource: [arn("app", "/*/JupyterLab/*"), arn("app", "/*/jupyterlab/*")],
        Condition: {
          ...ownPrivate,
          // `system` is what SageMaker names for the parts of an app that run on no instance.
          "ForAllValues:StringEquals": { "sagemaker:InstanceTypes": [...args.instanceTypes, "system"] },
        },
      },
      {
        Sid: "TagsOfOwnThings",
        Effect: "Allow",
        Action: "sagemaker:AddTags",
        Resource: [arn("space", "/*"), arn("app", "/*")],
        // Tags that SageMaker hands down while it makes a space or an app; none on what is there already.
        Condition: { StringEquals: { "sagemaker:TaggingAction": ["CreateSpace", "CreateApp"] } },
      },
      {
        Sid: "LogsOfApps",
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: `arn:aws:logs:${region}:${account}:log-group:/aws/sagemaker/studio:*`,
      },
      {
        Sid: "KeyOfHomeDirectories",
        Effect: "Allow",
        Action: [
          "kms:Decrypt",
          "kms:GenerateDataKey",
          "kms:GenerateDataKeyWithoutPlaintext",
          "kms:CreateGrant",
          "kms:DescribeKey",
        ],
        Resource: args.kmsKeyArn,
        Condition: {
          StringEquals: {
            "kms:ViaService": ["sagemaker", "s3"].map((service) => `${service}.${region}.amazonaws.com`),
          },
        },
      },
    ],
  };
}
