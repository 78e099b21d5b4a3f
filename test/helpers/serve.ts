import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { GATEWAY_SERVER_OPTIONS } from "../../local/gateway/index.ts";

type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A server on a free port of this machine. */
export interface Served {
  readonly origin: string;
  readonly server: Server;
  close(): Promise<void>;
}

export async function serve(handle: Handle): Promise<Served> {
  const server = createServer(GATEWAY_SERVER_OPTIONS, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  /** As they go over the wire; repeated names allowed. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | string;
}

export interface Received {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
  readonly json: Record<string, unknown>;
}

/** Sends a request without changing its path, query or headers, as fetch would. */
export function send(origin: string, { method = "GET", path, headers = [], body }: Sent): Promise<Received> {
  const { hostname, port, host } = new URL(origin);
  const bytes = Buffer.from(body ?? "");
  const own = new Set(headers.map(([name]) => name.toLowerCase()));
  const lines = [
    ...(own.has("host") ? [] : [["Host", host] as const]),
    ...(bytes.length && !own.has("content-length") ? [["Content-Length", String(bytes.length)] as const] : []),
    ...headers,
  ].flat();
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers: lines, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text,
          get json() {
            return JSON.parse(text) as Record<string, unknown>;
          },
        });
      });
    });
    request.on("error", reject);
    request.end(bytes);
  });
}
