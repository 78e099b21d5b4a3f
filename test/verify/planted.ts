import { request as httpRequest } from "node:http";
import { type Served, serve } from "../helpers/serve.ts";

/** A request on its way to a door. */
export interface Passing {
  method: string;
  /** With the stage. */
  path: string;
  headers: [string, string][];
  body: Buffer;
}

export interface Given {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Changes a request on its way, answers in place of the door, or changes the door's answer. */
export interface Hole {
  readonly before?: (passing: Passing) => Given | undefined | Promise<Given | undefined>;
  readonly after?: (passing: Passing, headers: Record<string, string | string[] | undefined>) => void;
}

/** A proxy in front of a door, with a hole in it; without one it changes nothing. */
export async function planted(door: string, hole: Hole): Promise<Served & { readonly url: string }> {
  const to = new URL(door);
  const served = await serve(async (request, response) => {
    const headers: [string, string][] = [];
    for (let i = 0; i + 1 < request.rawHeaders.length; i += 2)
      headers.push([request.rawHeaders[i] ?? "", request.rawHeaders[i + 1] ?? ""]);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const passing = { method: request.method ?? "", path: request.url ?? "", headers, body: Buffer.concat(chunks) };
    const given = await hole.before?.(passing);
    if (given) {
      response.writeHead(given.status, given.headers);
      response.end(given.body);
      return;
    }
    // A CONNECTION header of the client's belongs to the client.
    const kept = passing.headers.filter(([name]) => !/^(?:connection|transfer-encoding|content-length)$/i.test(name));
    const onward = httpRequest({
      host: to.hostname,
      port: to.port,
      method: passing.method,
      path: passing.path,
      setHost: false,
      headers: [...kept, ["content-length", String(passing.body.length)]].flat(),
    });
    onward.on("response", (answer) => {
      const { connection: _, "keep-alive": __, ...back } = answer.headers as Record<string, string | string[]>;
      hole.after?.(passing, back);
      response.writeHead(answer.statusCode ?? 502, back);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    onward.end(passing.body);
  });
  return { ...served, url: `${served.origin}${to.pathname}` };
}

export const header = (passing: Passing, name: string) =>
  passing.headers.find(([each]) => each.toLowerCase() === name)?.[1];

/** Comes with somebody else's token from here on. */
export function withToken(passing: Passing, token: string): void {
  passing.headers = [
    ...passing.headers.filter(([name]) => name.toLowerCase() !== "authorization"),
    ["authorization", `Bearer ${token}`],
  ];
}
