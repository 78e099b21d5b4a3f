import { createHash, createHmac } from "node:crypto";
import { type AccessItem, AccessPolicyError } from "../identity/accessPolicy.ts";

/** Where the item is, and with what to ask for it. */
export interface TableAddress {
  readonly table: string;
  readonly region: string;
  /** Default the service's own in the region. */
  readonly endpoint?: string | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Key of the item. */
export const ACCESS_ITEM = "access";

const TIMEOUT_MS = 2000;
const TARGET = "DynamoDB_20120810.GetItem";
const TYPE = "application/x-amz-json-1.0";

/**
 * Fetches the access policy's item: one signed request, without an SDK, which would be many times the size of the function.
 * Source: DynamoDB API, `GetItem`; IAM User Guide, "Create a signed AWS API request".
 */
export function itemFetcher(address: TableAddress): () => Promise<AccessItem | undefined> {
  const url = new URL(address.endpoint ?? `https://dynamodb.${address.region}.amazonaws.com/`);
  const body = JSON.stringify({ TableName: address.table, Key: { id: { S: ACCESS_ITEM } }, ConsistentRead: true });
  return async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: signedHeaders(address, url, body, new Date()),
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new AccessPolicyError(`DynamoDB answered ${response.status}`);
    const { Item: item } = (await response.json()) as { Item?: Record<string, { S?: string; N?: string }> };
    if (!item) return undefined;
    return {
      version: Number(item.version?.N),
      digest: item.digest?.S ?? "",
      document: item.document?.S ?? "",
    };
  };
}

function signedHeaders(address: TableAddress, url: URL, body: string, at: Date): Record<string, string> {
  const time = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const scope = `${time.slice(0, 8)}/${address.region}/dynamodb/aws4_request`;
  const headers: Record<string, string> = {
    "content-type": TYPE,
    host: url.host,
    "x-amz-date": time,
    ...(address.sessionToken ? { "x-amz-security-token": address.sessionToken } : {}),
    "x-amz-target": TARGET,
  };
  const names = Object.keys(headers);
  const canonical = [
    "POST",
    "/",
    "",
    ...names.map((name) => `${name}:${headers[name]}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const key = ["aws4_request", "dynamodb", address.region, time.slice(0, 8)].reduceRight<Buffer | string>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${address.secretAccessKey}`,
  );
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  const { host: _, ...sent } = headers;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${address.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
