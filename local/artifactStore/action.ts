import { splitTarget } from "../httpMessage.ts";

/** What a request asks of S3, in IAM's words. */
export interface S3Action {
  readonly action: string;
  readonly bucket: string;
  /** Decoded; absent where the bucket itself is meant. */
  readonly key: string | undefined;
}

/** Parameters that say how, not what. Anything else names a sub-resource that nothing here needs. */
const HOW = new Set([
  "list-type",
  "prefix",
  "delimiter",
  "max-keys",
  "continuation-token",
  "start-after",
  "encoding-type",
  "marker",
  "fetch-owner",
  "key-marker",
  "upload-id-marker",
  "max-uploads",
  "part-number-marker",
  "max-parts",
  "x-id",
  "response-content-disposition",
  "response-content-type",
  "versionId",
  "uploads",
  "uploadId",
  "partNumber",
  "location",
  "delete",
]); // prettier-ignore

/**
 * The action of a request with the bucket in its path; undefined for one that MLflow has no need of, such as an ACL, a tag or a copy.
 * Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
 */
export function s3Action(method: string, target: string): S3Action | undefined {
  const { path, query } = splitTarget(target);
  const parameters = new URLSearchParams(query);
  if ([...parameters.keys()].some((name) => !HOW.has(name) && !name.toLowerCase().startsWith("x-amz-")))
    return undefined;
  const [, bucket = "", rest] = /^\/([a-z0-9.-]+)(?:\/(.*))?$/s.exec(path) ?? [];
  if (!bucket) return undefined;
  const key = rest ? decoded(rest) : undefined;
  if (rest && key === undefined) return undefined;
  const action = key === undefined ? ofBucket(method, parameters) : ofObject(method, parameters);
  return action === undefined ? undefined : { action, bucket, key };
}

function ofBucket(method: string, parameters: URLSearchParams): string | undefined {
  if (method === "GET" && parameters.has("location")) return "s3:GetBucketLocation";
  if (method === "GET" && parameters.has("uploads")) return "s3:ListBucketMultipartUploads";
  if (method === "POST" && parameters.has("delete")) return "s3:DeleteObject";
  return method === "GET" || method === "HEAD" ? "s3:ListBucket" : undefined;
}

function ofObject(method: string, parameters: URLSearchParams): string | undefined {
  const upload = parameters.has("uploadId");
  const version = parameters.has("versionId") ? "Version" : "";
  switch (method) {
    case "HEAD":
      return `s3:GetObject${version}`;
    case "GET":
      return upload ? "s3:ListMultipartUploadParts" : `s3:GetObject${version}`;
    case "PUT":
      return "s3:PutObject";
    case "POST":
      return upload || parameters.has("uploads") ? "s3:PutObject" : undefined;
    case "DELETE":
      return upload ? "s3:AbortMultipartUpload" : `s3:DeleteObject${version}`;
    default:
      return undefined;
  }
}

/** Keys that a `DeleteObjects` names. */
export function deletedKeys(body: Buffer): readonly string[] {
  const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) =>
    key.replaceAll(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex?: string, number?: string, name?: string) =>
      hex || number
        ? String.fromCodePoint(Number.parseInt(hex ?? number ?? "", hex ? 16 : 10))
        : (entities[name ?? ""] ?? whole),
    ),
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
