import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { privateBucket } from "../shared/bucket.ts";
import { clientWheel } from "./wheel.ts";

/** The account's bucket: the client's package for everybody, and a folder for each profile's jobs. */
export interface StudioFiles {
  readonly bucketArn: pulumi.Output<string>;
  readonly bucket: pulumi.Output<string>;
  /** `packages/<file>` */
  readonly wheelKey: pulumi.Output<string>;
  readonly wheelSha256: string;
}

/** Folder of the packages, which execution roles read and none writes. */
export const PACKAGES = "packages";

/** Folder of what one profile's jobs read and write. */
export function folderOf(profile: string): string {
  return `people/${profile}`;
}

/** Declares the bucket and puts the client's package into it. */
export function studioFiles(name: string, kmsKeyArn: pulumi.Input<string>, opts: pulumi.ResourceOptions): StudioFiles {
  const { bucket } = privateBucket(
    name,
    {
      kmsKeyArn,
      lifecycle: [
        {
          id: "old-versions",
          status: "Enabled",
          filter: {},
          noncurrentVersionExpiration: { noncurrentDays: 90 },
        },
      ],
      retain: true,
    },
    opts,
  );
  const { file, bytes, sha256 } = clientWheel();
  // The digest in the key: a space that starts while a deployment runs finds the package that its script names.
  const wheel = new aws.s3.BucketObjectv2(
    `${name}-client`,
    {
      bucket: bucket.id,
      key: `${PACKAGES}/${sha256.slice(0, 16)}/${file}`,
      contentBase64: bytes.toString("base64"),
      contentType: "application/zip",
    },
    { ...opts, parent: bucket },
  );
  return { bucketArn: bucket.arn, bucket: bucket.id, wheelKey: wheel.key, wheelSha256: sha256 };
}
