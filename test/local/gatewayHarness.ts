import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createGateway,
  type GatewayLogRecord,
  type GatewaySettings,
  loadAuthorizer,
} from "../../local/gateway/index.ts";
import { createSts } from "../../local/sts/index.ts";
import { type Received, type Sent, send, serve } from "../helpers/serve.ts";
import { signedHeaders } from "./sign.ts";
import { CENTRAL, CONSUMER, centralPlan, consumerPlan, personaRole, REGION, type TinyOptions } from "./tinyPlan.ts";

/** What the upstream saw of a request. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly raw: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly length: number;
}

export const echoOf = (answer: Received) => answer.json as unknown as Echo;

/** Answers with what it was sent. */
export function echo(request: IncomingMessage, response: ServerResponse): void {
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
  });
  request.on("end", () => {
    response.setHeader("Set-Cookie", ["a=1", "b=2"]);
    response.setHeader("WWW-Authenticate", "Basic");
    response.end(
      JSON.stringify({
        method: request.method,
        url: request.url,
        raw: request.rawHeaders,
        headers: request.headers,
        length,
      }),
    );
  });
}

export interface HarnessOptions extends TinyOptions {
  readonly upstream?: (request: IncomingMessage, response: ServerResponse) => void;
  readonly settings?: Partial<GatewaySettings>;
  readonly now?: () => number;
}

/** Both doors of a tiny stack before a tiny upstream. */
export async function startGateways(options: HarnessOptions = {}) {
  const now = options.now ?? Date.now;
  const central = centralPlan(options);
  const plans = [central, consumerPlan()];
  const organizations = { [CENTRAL]: "o-tiny", [CONSUMER]: "o-tiny" };
  const sts = createSts({ plans, key: Buffer.alloc(32, 5), region: REGION, organizations, now });
  const upstream = await serve(options.upstream ?? echo);
  const directory = mkdtempSync(join(tmpdir(), "gateway-"));
  const fetchJwks = { fetch: () => Promise.reject(new Error("not in this test")) };
  const authorizer = await loadAuthorizer({ plan: central, api: "browser", directory, fetchJwks });
  const records: GatewayLogRecord[] = [];
  const gateways = ["code", "browser"].map((api) =>
    createGateway({
      plan: central,
      api,
      upstream: new URL(upstream.origin),
      sts,
      authorizer,
      log: (record) => records.push(record),
      now,
      ...options.settings,
    }),
  );
  const [code, browser] = await Promise.all(gateways.map((gateway) => serve(gateway.handle)));
  if (!code || !browser) throw new Error("two doors are needed");

  const session = (persona: string, name = "bo@acme.example") =>
    sts.issue({ roleArn: personaRole(persona), sessionName: name });
  return {
    sts,
    code,
    browser,
    upstream,
    records,
    directory,
    session,
    /** A call of the code door, signed. */
    async signed(
      input: Sent & { readonly persona?: string; readonly credentials?: ReturnType<typeof session> },
    ): Promise<Received> {
      const { method = "GET", path, headers = [], body = "" } = input;
      const credentials = input.credentials ?? session(input.persona ?? "reader");
      const own = await signedHeaders(credentials, { method, target: path, origin: code.origin, body, date: now() });
      return send(code.origin, { method, path, headers: [...own, ...headers], body });
    },
    /** A call of the browser door; the tiny authorizer takes the word for what the token says. */
    bearer: (word: string, input: Sent): Promise<Received> =>
      send(browser.origin, { ...input, headers: [["Authorization", `Bearer ${word}`], ...(input.headers ?? [])] }),
    async close(): Promise<void> {
      await Promise.all([...gateways.map((gateway) => gateway.close()), code.close(), browser.close()]);
      await upstream.close();
      rmSync(directory, { recursive: true });
    },
  };
}

export type Gateways = Awaited<ReturnType<typeof startGateways>>;
