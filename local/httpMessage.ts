import type { IncomingMessage, ServerResponse } from "node:http";

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A request's headers as they came, repeated ones included: Node's own object merges or drops those. */
export function headerList(request: IncomingMessage): HeaderList {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    pairs.push([request.rawHeaders[i] ?? "", request.rawHeaders[i + 1] ?? ""]);
  }
  return pairs;
}

/** All values of one header, in order. */
export function headerValues(headers: HeaderList, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return headers.flatMap(([header, value]) => (header.toLowerCase() === wanted ? [value] : []));
}

/** Path and query of a request line, exactly as sent. */
export function splitTarget(target: string): { readonly path: string; readonly query: string | undefined } {
  const at = target.indexOf("?");
  return at === -1 ? { path: target, query: undefined } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

/** The body is longer than what is taken. */
export class BodyTooLongError extends Error {
  override readonly name = "BodyTooLongError";
}

/** Reads a body of at most `limit` bytes. @throws BodyTooLongError, before reading where the client says how long it is */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > limit) return reject(new BodyTooLongError());
    const chunks: Buffer[] = [];
    let length = 0;
    const keep = (chunk: Buffer) => {
      length += chunk.length;
      // Not `for await`: leaving that loop closes the connection, and the client would never read why.
      if (length > limit) {
        request.off("data", keep);
        reject(new BodyTooLongError());
      } else chunks.push(chunk);
    };
    request.on("data", keep);
    request.once("end", () => resolve(Buffer.concat(chunks, length)));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the client went away")));
  });
}

/** How long a client that is still sending may go on after it got its answer. */
const DRAIN_MS = 1000;

/** Answers in full. What the client still sends is thrown away for a moment, so that it can read the answer; then the connection ends. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(body);
  const unread = !request.complete;
  response.writeHead(status, {
    ...headers,
    // An answer that can't have a body has no length. Source: RFC 9110, 8.6.
    ...(status === 204 || status === 304 ? {} : { "content-length": String(bytes.length) }),
    ...(unread ? { connection: "close" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
  if (unread) {
    request.resume();
    setTimeout(() => request.socket.destroy(), DRAIN_MS).unref();
  }
}
