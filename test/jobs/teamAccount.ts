import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { RequestContext } from "../../authorizer/policy/conditions.ts";
import { identityVerdict, type Role } from "../../local/sts/index.ts";
import { type Served, serve } from "../helpers/serve.ts";

/** What SageMaker was asked to start. */
export type Job = Readonly<Record<string, unknown>>;

/** The team's S3 bucket and SageMaker's API on loopback: they keep what they are sent, where the role's declared policies let it through. */
export interface TeamAccount extends Served {
  /** Key → bytes. */
  readonly objects: Map<string, Buffer>;
  /** By operation, such as `CreateTrainingJob`; the latest of each. */
  readonly jobs: Map<string, Job>;
  /** What the policies refused: action and resource. */
  readonly refused: string[];
  /** Objects below an address that SageMaker brings into a container, with the role's rights. */
  readonly bring: (uri: string) => ReadonlyMap<string, Buffer>;
}

interface Settings {
  readonly role: Role;
  readonly bucket: string;
  readonly region: string;
}

const KINDS: Readonly<Record<string, readonly [kind: string, name: string]>> = {
  CreateTrainingJob: ["training-job", "TrainingJobName"],
  CreateHyperParameterTuningJob: ["hyper-parameter-tuning-job", "HyperParameterTuningJobName"],
  CreateProcessingJob: ["processing-job", "ProcessingJobName"],
};

class Refusal extends Error {}

export async function teamAccount({ role, bucket, region }: Settings): Promise<TeamAccount> {
  const objects = new Map<string, Buffer>();
  const jobs = new Map<string, Job>();
  const refused: string[] = [];

  const may = (action: string, resource: string, context: RequestContext = {}) => {
    if (identityVerdict(role, { action, resource, context }).effect === "allow") return;
    refused.push(`${action} ${resource}`);
    throw new Refusal(`${action} on ${resource}`);
  };
  const list = (prefix: string) => {
    may("s3:ListBucket", `arn:aws:s3:::${bucket}`, { "s3:prefix": prefix });
    return [...objects].filter(([key]) => key.startsWith(prefix));
  };

  const s3 = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://s3");
    const [, name, ...rest] = decodeURIComponent(pathname).split("/");
    const key = rest.join("/");
    if (name !== bucket) throw new Refusal("s3:ListAllMyBuckets");
    if (!key) {
      list(searchParams.get("prefix") ?? "");
      response.end(`<ListBucketResult><Name>${bucket}</Name><KeyCount>0</KeyCount></ListBucketResult>`);
    } else if (request.method === "PUT") {
      may("s3:PutObject", `arn:aws:s3:::${bucket}/${key}`);
      objects.set(key, await buffer(request));
      response.setHeader("etag", '"1"').end();
    } else {
      may("s3:GetObject", `arn:aws:s3:::${bucket}/${key}`);
      response.end(objects.get(key));
    }
  };

  const sageMaker = async (operation: string, request: IncomingMessage, response: ServerResponse) => {
    const asked = JSON.parse((await buffer(request)).toString()) as Job;
    response.setHeader("content-type", "application/x-amz-json-1.1");
    const [kind, nameKey] = KINDS[operation] ?? [];
    if (kind === undefined || nameKey === undefined) {
      // The SDK looks at what it has just started.
      const created = operation.replace("Describe", "Create");
      const status = created.replace("Create", "").concat("Status");
      response.end(JSON.stringify({ ...jobs.get(created), [status]: "InProgress", CreationTime: 0 }));
      return;
    }
    const arn = `arn:aws:sagemaker:${region}:${role.account}:${kind}/${String(asked[nameKey])}`;
    may(`sagemaker:${operation}`, arn, placeOf(asked));
    for (const passed of valuesOf(asked, "RoleArn"))
      may("iam:PassRole", String(passed), { "iam:PassedToService": "sagemaker.amazonaws.com" });
    jobs.set(operation, asked);
    response.end(JSON.stringify({ [nameKey.replace("Name", "Arn")]: arn }));
  };

  const served = await serve(async (request, response) => {
    const target = /^SageMaker\.(\w+)$/.exec(String(request.headers["x-amz-target"]))?.[1];
    try {
      await (target === undefined ? s3(request, response) : sageMaker(target, request, response));
    } catch (error) {
      response.statusCode = 403;
      const message = error instanceof Refusal ? error.message : String(error);
      response.end(
        target === undefined
          ? `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`
          : JSON.stringify({ __type: "AccessDeniedException", message }),
      );
    }
  });
  const bring = (uri: string) => {
    const prefix = uri.replace(`s3://${bucket}/`, "");
    return new Map(
      list(prefix).map(([key, bytes]) => {
        may("s3:GetObject", `arn:aws:s3:::${bucket}/${key}`);
        return [key.slice(prefix.length).replace(/^\//, "") || (key.split("/").at(-1) ?? key), bytes] as const;
      }),
    );
  };
  return { ...served, objects, jobs, refused, bring };
}

/** Condition keys of a job. Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SageMaker". */
function placeOf(asked: Job): RequestContext {
  const strings = (key: string) => valuesOf(asked, key).flat().map(String);
  return {
    "sagemaker:InstanceTypes": strings("InstanceType"),
    "sagemaker:VpcSubnets": strings("Subnets"),
    "sagemaker:VpcSecurityGroupIds": strings("SecurityGroupIds"),
  };
}

/** All values of a key, however deep. */
function valuesOf(value: unknown, key: string): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === key ? [inner] : valuesOf(inner, key)));
}
