import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { StudioFiles } from "./files.ts";

/** Prefix of the parameters with a profile's settings, one for each execution role: `<prefix>/<role name>`. */
export const PARAMETERS = "/gatehouse/client";

/** Longest script. Source: SageMaker API, CreateStudioLifecycleConfig, StudioLifecycleConfigContent (base64). */
const LONGEST = 16_384;

/**
 * The script that every JupyterLab space runs at its start: it brings the MLflow tile and the settings. A configuration can't be changed, so a new
 * content is a new one.
 */
export function lifecycleConfig(
  name: string,
  region: string,
  files: StudioFiles,
  opts: pulumi.ResourceOptions,
): aws.sagemaker.StudioLifecycleConfig {
  const content = pulumi.all([files.bucket, files.wheelKey]).apply(([bucket, key]) =>
    onStart({
      GATEHOUSE_WHEEL: `s3://${bucket}/${key}`,
      GATEHOUSE_WHEEL_SHA256: files.wheelSha256,
      GATEHOUSE_PARAMETERS: PARAMETERS,
      AWS_REGION: region,
    }),
  );
  return new aws.sagemaker.StudioLifecycleConfig(
    name,
    {
      studioLifecycleConfigName: content.apply((text) => `gatehouse-${digest(text)}`),
      studioLifecycleConfigAppType: "JupyterLab",
      studioLifecycleConfigContent: content.apply((text) => Buffer.from(text).toString("base64")),
    },
    opts,
  );
}

/** `client/lifecycle/on-start.sh` with its settings above the first command. @throws Error when it grew too long for SageMaker */
export function onStart(settings: Readonly<Record<string, string>>): string {
  const [shebang, ...rest] = readFileSync(new URL("../../client/lifecycle/on-start.sh", import.meta.url), "utf8").split(
    "\n",
  );
  const exports = Object.entries(settings).map(([key, value]) => `export ${key}='${value.replaceAll("'", "'\\''")}'`);
  const script = [shebang, ...exports, ...rest].join("\n");
  if (Buffer.from(script).toString("base64").length > LONGEST)
    throw new Error(`client/lifecycle/on-start.sh is too long: SageMaker takes ${LONGEST} characters of base64`);
  return script;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
