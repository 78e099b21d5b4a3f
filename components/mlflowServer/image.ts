import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx/ecr/index.js";
import type * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";

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
 */
export function mlflowImage(
  name: string,
  settings: Pick<CentralSettings["server"], "image" | "architecture">,
  kmsKeyArn: pulumi.Input<string>,
  opts: pulumi.ComponentResourceOptions,
): MlflowImage {
  if (settings.image !== "build") return { uri: settings.image, repositoryArn: repositoryArnOf(settings.image) };
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
      context: "./docker",
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
