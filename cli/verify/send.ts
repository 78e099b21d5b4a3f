import { createHash, createHmac } from "node:crypto";
import { request as http } from "node:http";
import { request as https } from "node:https";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Door } from "../../authorizer/catalogue/types.ts";
import type { Caller, Target } from "./target.ts";

export interface Asked {
  readonly method: string;
  /** Below the stage with its leading slash, and sent exactly like this: nothing is decoded, collapsed or encoded. */
  readonly path: string;
  /** In place of the door's URL, for a path that isn't below its stage. */
  readonly base?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** The gateway answered by itself; MLflow saw nothing of it. */
  readonly byGateway: boolean;
}

const TIMEOUT_MS = 40_000;
const LARGE_BYTES = 1024 * 1024;
/** Time in which a large body may be refused by its length. */
const HEAD_START_MS = 500;
/** Times that a throttled call is sent again. */
const AGAIN = 5;

/** Sends a call as a caller comes to a door, signed or with his token; `null` comes with nothing. */
export async function send(target: Target, door: Door, caller: Caller | null, asked: Asked): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await once(target, door, caller, asked);
    if (answer.status !== 429 || attempt >= AGAIN) return answer;
    await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
  }
}

async function once(target: Target, door: Door, caller: Caller | null, asked: Asked): Promise<Answer> {
  const base = new URL(asked.base ?? target.urls[door]);
  const path = `${base.pathname.replace(/\/$/, "")}${asked.path}`;
  const identity = caller === null ? [] : await identityHeaders(target, door, caller, base, path, asked);
  return exchange(base, asked.method, path, [["host", base.host], ...(asked.headers ?? []), ...identity], asked.body);
}

/** Whether a caller has what a door asks for. */
export function comesTo(caller: Caller, door: Door): boolean {
  return door === "code" ? caller.keys !== undefined : caller.token !== undefined;
}

async function identityHeaders(
  target: Target,
  door: Door,
  caller: Caller,
  base: URL,
  path: string,
  asked: Asked,
): Promise<readonly (readonly [string, string])[]> {
  if (door === "browser") return caller.token === undefined ? [] : [["authorization", `Bearer ${caller.token}`]];
  if (!caller.keys) return [];
  const { accessKeyId, secretAccessKey, sessionToken } = caller.keys;
  const signer = new SignatureV4({
    service: "execute-api",
    region: target.region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    sha256: Sha256,
  });
  const at = path.indexOf("?");
  const parameters = new URLSearchParams(at === -1 ? "" : path.slice(at));
  const query = Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
  const signed = await signer.sign({
    method: asked.method,
    protocol: base.protocol,
    hostname: base.hostname,
    path: at === -1 ? path : path.slice(0, at),
    query,
    headers: { host: base.host },
    body: asked.body ?? "",
  });
  return Object.entries(signed.headers).filter(([name]) => name !== "host");
}

function exchange(
  base: URL,
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[],
  body: string | Buffer | undefined,
): Promise<Answer> {
  const content = Buffer.from(body ?? "");
  const length = content.length || !["GET", "HEAD", "OPTIONS"].includes(method);
  const all = [...headers, ...(length ? [["content-length", String(content.length)] as const] : [])];
  return new Promise((resolve, reject) => {
    const sent = (base.protocol === "https:" ? https : http)({
      host: base.hostname,
      port: base.port || undefined,
      method,
      path,
      headers: all.flat(),
      setHost: false,
      timeout: TIMEOUT_MS,
    });
    let answered = false;
    sent.on("response", (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const values = Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join() : value]),
        );
        resolve({
          status: response.statusCode ?? 0,
          headers: values,
          body: Buffer.concat(chunks).toString(),
          // Source: API Gateway guide, "Gateway response types": its own answers, and no other, carry this header.
          byGateway: values["x-amzn-errortype"] !== undefined,
        });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    // A door that refuses a large body closes the connection while it is sent.
    sent.on("error", (error) => answered || reject(new Error(`${base.origin}: ${error.message}`)));
    if (content.length < LARGE_BYTES) return void sent.end(content);
    // Who refuses a large body by its length alone closes the connection: his answer is lost to whoever still writes.
    sent.flushHeaders();
    setTimeout(() => answered || sent.end(content), HEAD_START_MS);
  });
}

class Sha256 {
  readonly #hash;
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as Uint8Array);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
  reset(): void {
    throw new Error("a hash is used once");
  }
}
