import { readFileSync } from "node:fs";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { privateBucket } from "../shared/bucket.ts";
import { lambdaFunction } from "../shared/lambda.ts";
import { customHeaders } from "./headers.ts";
import { site } from "./site.ts";

export interface HostingArgs {
  readonly region: string;
  /** Host of the UI. */
  readonly domain: string;
  /** `gatehouse.json`, which the pages read first. */
  readonly configuration: pulumi.Input<object>;
  /** Address of the `browser` door. */
  readonly apiUrl: pulumi.Output<string>;
  /** Host of the managed login page, if any. */
  readonly loginDomain: pulumi.Output<string> | null;
  readonly logDays: number;
}

const BRANCH = "main";

/** A path that names no file is the application's own. Source: Amplify Hosting guide, "Redirects for single page web apps (SPA)". */
const PAGES = "</^[^.]+$|\\.(?!(css|gif|ico|jpg|jpeg|js|json|map|mjs|png|svg|ttf|txt|wasm|webp|woff|woff2)$)([^.]+$)/>";

/** Amplify Hosting with the built UI, deployed when a byte of it changed. */
export function hosting(name: string, args: HostingArgs, opts: pulumi.CustomResourceOptions): void {
  const apiOrigin = args.apiUrl.apply((url) => new URL(url).origin);
  const app = new aws.amplify.App(
    name,
    {
      name,
      platform: "WEB",
      customHeaders: pulumi
        .all([apiOrigin, args.loginDomain])
        .apply(([api, login]) =>
          customHeaders([
            api,
            `https://cognito-idp.${args.region}.amazonaws.com`,
            ...(login === null ? [] : [`https://${login}`]),
          ]),
        ),
      customRules: [{ source: PAGES, target: "/index.html", status: "200" }],
    },
    opts,
  );
  const under = { ...opts, parent: app };
  const branch = new aws.amplify.Branch(
    name,
    { appId: app.id, branchName: BRANCH, stage: "PRODUCTION", enableAutoBuild: false },
    under,
  );
  new aws.amplify.DomainAssociation(
    name,
    { appId: app.id, domainName: args.domain, subDomains: [{ branchName: branch.branchName, prefix: "" }] },
    under,
  );
  const { bucket } = privateBucket(`${name}-site`, { retain: false, lifecycle: [] }, under);
  const built = pulumi.jsonStringify(args.configuration).apply((text) => site(text, app));
  const object = new aws.s3.BucketObjectv2(
    name,
    {
      bucket: bucket.id,
      // A new key for new content: what a job reads can't change under it.
      key: pulumi.interpolate`${built.digest}.zip`,
      source: built.archive,
      contentType: "application/zip",
    },
    under,
  );
  const deployer = deployFunction(`${name}-deploy`, branch, bucket, args.logDays, under);
  new aws.lambda.Invocation(
    name,
    {
      functionName: deployer.name,
      input: pulumi.jsonStringify({ appId: app.id, branchName: branch.branchName, bucket: bucket.id, key: object.key }),
      triggers: { content: built.digest },
    },
    { ...under, dependsOn: [object] },
  );
}

function deployFunction(
  name: string,
  branch: aws.amplify.Branch,
  bucket: aws.s3.Bucket,
  logDays: number,
  opts: pulumi.CustomResourceOptions,
): aws.lambda.Function {
  return lambdaFunction(
    name,
    {
      runtime: aws.lambda.Runtime.Python3d13,
      files: { "index.py": readFileSync(new URL("deploy/index.py", import.meta.url), "utf8") },
      memorySize: 512,
      timeout: 900,
      logDays,
      statements: [
        { Sid: "Site", Effect: "Allow", Action: "s3:GetObject", Resource: pulumi.interpolate`${bucket.arn}/*` },
        {
          Sid: "Deploy",
          Effect: "Allow",
          Action: [
            "amplify:CreateDeployment",
            "amplify:StartDeployment",
            "amplify:ListJobs",
            "amplify:GetJob",
            "amplify:StopJob",
          ],
          Resource: [
            branch.arn,
            pulumi.interpolate`${branch.arn}/jobs/*`,
            pulumi.interpolate`${branch.arn}/deployments/*`,
          ],
        },
      ],
    },
    opts,
  );
}
