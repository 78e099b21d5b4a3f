import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

export interface PrivateBucketArgs {
  /** Key of the objects; without it S3's own, where the writing service takes no other. */
  readonly kmsKeyArn?: pulumi.Input<string>;
  /** Lifecycle beside the one that ends abandoned uploads. */
  readonly lifecycle: readonly aws.types.input.s3.BucketLifecycleConfigurationRule[];
  /** Statements beside the one that refuses plain HTTP, for a bucket's ARN. */
  readonly statements?: (bucketArn: string) => readonly object[];
  /** Keeps the bucket when the stack goes. */
  readonly retain: boolean;
  /** Refuses that the stack lets go of it; default as `retain`. */
  readonly protect?: boolean;
}

export interface PrivateBucket {
  readonly bucket: aws.s3.Bucket;
  /** Who may write: a service that checks its right first has to wait for it. */
  readonly policy: aws.s3.BucketPolicy;
}

/** A bucket without public access, with versions, encryption, TLS only, and no object of another account. */
export function privateBucket(name: string, args: PrivateBucketArgs, opts: pulumi.ResourceOptions): PrivateBucket {
  const bucket = new aws.s3.Bucket(
    name,
    {},
    { ...opts, retainOnDelete: args.retain, protect: args.protect ?? args.retain },
  );
  const under = { ...opts, parent: bucket };
  const target = { bucket: bucket.id };
  const closed = new aws.s3.BucketPublicAccessBlock(
    name,
    {
      ...target,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    under,
  );
  new aws.s3.BucketOwnershipControls(name, { ...target, rule: { objectOwnership: "BucketOwnerEnforced" } }, under);
  new aws.s3.BucketVersioning(name, { ...target, versioningConfiguration: { status: "Enabled" } }, under);
  new aws.s3.BucketServerSideEncryptionConfiguration(name, { ...target, rules: [encryption(args.kmsKeyArn)] }, under);
  new aws.s3.BucketLifecycleConfiguration(
    name,
    {
      ...target,
      rules: [
        {
          id: "abandoned-uploads",
          status: "Enabled",
          filter: {},
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
        ...args.lifecycle,
      ],
    },
    under,
  );
  const document = bucket.arn.apply((arn) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [...transport(arn), ...(args.statements?.(arn) ?? [])],
    }),
  );
  // S3 refuses two changes of a bucket's access at once.
  const policy = new aws.s3.BucketPolicy(name, { ...target, policy: document }, { ...under, dependsOn: [closed] });
  return { bucket, policy };
}

function encryption(
  kmsKeyArn: pulumi.Input<string> | undefined,
): aws.types.input.s3.BucketServerSideEncryptionConfigurationRule {
  if (kmsKeyArn === undefined) return { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } };
  return {
    applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKeyArn },
    // One data key per bucket and hour instead of one call to KMS per object.
    bucketKeyEnabled: true,
  };
}

function transport(arn: string): readonly object[] {
  const everything = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [arn, `${arn}/*`] };
  return [
    { Sid: "TlsOnly", ...everything, Condition: { Bool: { "aws:SecureTransport": "false" } } },
    { Sid: "Tls12OrLater", ...everything, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
  ];
}
