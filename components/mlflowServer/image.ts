import { existsSync } from "node:fs";
import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx/ecr/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";

/** Regions whose databases the image can verify: those in `docker/requirements-rds-ca.txt`. */
const VERIFIED_REGIONS = new Set(
  [
    "af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2",
    "ap-southeast-3 ap-southeast-4 ca-central-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2",
    "eu-west-3 il-central-1 me-central-1 me-south-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2",
  ].flatMap((line) => line.split(" ")),
);

/** Folder that an image is built from. */
const CONTEXT = "./docker";

/** The image of MLflow and where ECS may pull it from. */
export interface MlflowImage {
  /** With its digest. */
  readonly uri: pulumi.Input<string>;
  readonly repositoryArn: pulumi.Input<string>;
}

/**
 * The image of MLflow: one that exists, or one built from `docker/` into a repository of this stack.
 *
 * A built image is a component of awsx, which builds when the stack is deployed and not in a preview.
 *
 * @throws RunError for a region whose databases a built image could not verify
 */
export function mlflowImage(
  name: string,
  settings: Pick<CentralSettings["server"], "image" | "architecture">,
  region: string,
  kmsKeyArn: pulumi.Input<string>,
  opts: pulumi.ComponentResourceOptions,
): MlflowImage {
  if (settings.image !== "build") return { uri: settings.image, repositoryArn: repositoryArnOf(settings.image) };
  if (!VERIFIED_REGIONS.has(region) && !existsSync(`${CONTEXT}/rds-ca.pem`))
    throw new pulumi.RunError(
      `aws:region: \`${region}\` is misspelt, or newer than the certificate authorities of RDS that a built image holds; for a new region put https://truststore.pki.rds.amazonaws.com/${region}/${region}-bundle.pem at docker/rds-ca.pem`,
    );
  const repository = new aws.ecr.Repository(
    name,
    {
      // A build may push one tag again; tasks name the digest, so a tag decides nothing.
      imageTagMutability: "MUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: kmsKeyArn }],
    },
    opts,
  );
  const built = new awsx.Image(
    name,
    {
      repositoryUrl: repository.repositoryUrl,
      context: CONTEXT,
      platform: settings.architecture === "arm64" ? "linux/arm64" : "linux/amd64",
    },
    opts,
  );
  return { uri: built.imageUri, repositoryArn: repository.arn };
}

/** The one repository of a URI in ECR; for another registry, which asks for no right of AWS, a repository that does not exist. */
function repositoryArnOf(uri: string): string {
  const [, account = "", region = "", path = ""] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^@]+)@/.exec(uri) ?? [];
  return account ? `arn:aws:ecr:${region}:${account}:repository/${path}` : "arn:aws:ecr:*:*:repository/none";
}
