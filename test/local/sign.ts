import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Credentials } from "../../local/sts/index.ts";

/** SHA-256 as AWS's signer wants it. */
export class NodeSha256 {
  readonly #hash;
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as Uint8Array);
  }
  update(data: Uint8Array) {
    this.#hash.update(data);
  }
  digest() {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset() {
    throw new Error("not used");
  }
}

export interface ToSign {
  readonly method?: string;
  /** Path and query; the query must be encoded as AWS wants it. */
  readonly target: string;
  readonly origin: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly service?: string;
  readonly region?: string;
  readonly date?: number;
}

/** Headers of a request signed by AWS's own library. */
export async function signedHeaders(credentials: Credentials, input: ToSign): Promise<[string, string][]> {
  const url = new URL(input.target, input.origin);
  const query: Record<string, string[]> = {};
  for (const name of new Set(url.searchParams.keys())) query[name] = url.searchParams.getAll(name);
  const signer = new SignatureV4({
    service: input.service ?? "execute-api",
    region: input.region ?? "eu-west-1",
    credentials,
    sha256: NodeSha256,
  });
  const signed = await signer.sign(
    {
      method: input.method ?? "GET",
      protocol: "http:",
      hostname: url.hostname,
      path: input.target.split("?")[0] ?? "/",
      query,
      headers: { host: url.host, ...input.headers },
      body: Buffer.from(input.body ?? ""),
    },
    { signingDate: new Date(input.date ?? Date.now()) },
  );
  return Object.entries(signed.headers);
}
