import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { privateBucket } from "../shared/bucket.ts";
import { trailArn } from "../shared/key.ts";

/** Name of the trail: its bucket's policy and the key's name it before it is there. */
export const ARTIFACT_TRAIL = "gatehouse-artifact-events";

export interface DataEventsArgs {
  readonly account: string;
  readonly region: string;
  /** Bucket whose objects are watched, and no other. */
  readonly bucketArn: pulumi.Input<string>;
  /** Key of the trail's files; its policy has to know `ARTIFACT_TRAIL`. */
  readonly kmsKeyArn: pulumi.Input<string>;
  /** Days that the trail's files are kept. */
  readonly logDays: number;
}

/**
 * Writes down every read, write and delete of an object of one bucket, also by presigned URLs, which no other log sees. Files are signed in a chain, so
 * that one changed or taken away is found out. Management events are left to the account's own trail: a second copy of them is paid for.
 */
export function dataEvents(name: string, args: DataEventsArgs, opts: pulumi.ResourceOptions): void {
  const { account } = args;
  const arn = trailArn({ ...args, trail: ARTIFACT_TRAIL });
  const ofTrail = { StringEquals: { "aws:SourceArn": arn } };
  const service = { Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" } };
  // Without a key of the bucket's own: the signatures are written with S3's, whatever the trail's key is.
  const { bucket, policy } = privateBucket(
    `${name}-log`,
    {
      // Evidence outlives the setting and the stack; it ends by age alone.
      retain: true,
      protect: false,
      lifecycle: [{ id: "logs", status: "Enabled", filter: {}, expiration: { days: args.logDays } }, oldLogs()],
      statements: (bucketArn) => [
        { Sid: "TrailLooks", ...service, Action: "s3:GetBucketAcl", Resource: bucketArn, Condition: ofTrail },
        {
          Sid: "TrailWrites",
          ...service,
          Action: "s3:PutObject",
          Resource: `${bucketArn}/AWSLogs/${account}/*`,
          Condition: { StringEquals: { ...ofTrail.StringEquals, "s3:x-amz-acl": "bucket-owner-full-control" } },
        },
      ],
    },
    opts,
  );
  new aws.cloudtrail.Trail(
    name,
    {
      name: ARTIFACT_TRAIL,
      s3BucketName: bucket.id,
      kmsKeyId: args.kmsKeyArn,
      enableLogFileValidation: true,
      includeGlobalServiceEvents: false,
      isMultiRegionTrail: false,
      advancedEventSelectors: [
        {
          name: "Objects of the artifact bucket",
          fieldSelectors: [
            { field: "eventCategory", equals: ["Data"] },
            { field: "resources.type", equals: ["AWS::S3::Object"] },
            { field: "resources.ARN", startsWiths: [pulumi.interpolate`${args.bucketArn}/`] },
          ],
        },
      ],
    },
    { ...opts, dependsOn: [policy] },
  );
}

/** What was overwritten or deleted within the time is still evidence for a month. */
function oldLogs(): aws.types.input.s3.BucketLifecycleConfigurationRule {
  return {
    id: "old-versions",
    status: "Enabled",
    filter: {},
    noncurrentVersionExpiration: { noncurrentDays: 30 },
    expiration: { expiredObjectDeleteMarker: true },
  };
}
