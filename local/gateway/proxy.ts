import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type Dispatcher, errors } from "undici";
import { type HeaderList, splitTarget } from "../httpMessage.ts";
import { type ContextVariables, mappedValue } from "./context.ts";
import { forwardedHeaders, returnedHeaders } from "./headers.ts";
import type { HttpProxy } from "./integration.ts";
import { REFUSALS, Refusal } from "./refusal.ts";

export interface Forward {
  readonly integration: HttpProxy;
  readonly headers: HeaderList;
  readonly body: Buffer;
  /** Below the stage: the load balancer takes the stage off, as does the declared URI. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly context: ContextVariables;
  readonly dropCredentials: boolean;
  readonly requestId: string;
}

/** Sends a decided request to the upstream and its answer back, as it comes. @throws Refusal when no answer begins in time */
export async function forward(
  upstream: Dispatcher,
  request: IncomingMessage,
  response: ServerResponse,
  input: Forward,
): Promise<void> {
  const { integration } = input;
  const stop = new AbortController();
  const clientLeft = () => stop.abort(new Error("the client went away"));
  response.once("close", clientLeft);
  const slow = new Refusal(REFUSALS.upstreamSlow, `MLflow gave no answer within ${integration.timeoutMs} ms`);
  const timer = setTimeout(() => stop.abort(slow), integration.timeoutMs);
  try {
    const answer = await upstream
      .request({
        method: request.method as Dispatcher.HttpMethod,
        path: upstreamPath(input) + queryOf(request.url ?? ""),
        headers: forwardedHeaders(input.headers, {
          dropCredentials: input.dropCredentials,
          own: [
            ...integration.headers.map(
              ({ name, source }) => [name, mappedValue(source, input.context, input.parameters)] as const,
            ),
            ["host", integration.host],
            ["x-forwarded-for", input.context["identity.sourceIp"]],
            ["x-forwarded-proto", "encrypted" in request.socket ? "https" : "http"],
            ["x-forwarded-port", String(request.socket.localPort ?? "")],
            ["x-amzn-trace-id", traceId()],
          ],
        }),
        body: input.body.length ? input.body : null,
        signal: stop.signal,
        responseHeaders: "raw",
      })
      .catch((error: unknown) => {
        throw failure(error, stop.signal);
      });
    clearTimeout(timer);
    response.writeHead(answer.statusCode, [
      ...returnedHeaders(pairs(answer.headers)),
      "x-amzn-requestid",
      input.requestId,
    ]);
    response.flushHeaders();
    await pipeline(answer.body, response);
  } finally {
    clearTimeout(timer);
    response.off("close", clientLeft);
  }
}

function upstreamPath({ integration, path, parameters, context }: Forward): string {
  if (integration.pathTemplate === undefined) return path;
  return integration.pathTemplate.replaceAll(/\{(\w+)\+?\}/g, (_, name: string) => {
    const source = integration.pathParameters[name];
    const value = source && mappedValue(source, context, parameters);
    if (value === undefined) throw new Refusal(REFUSALS.fault, `the integration maps nothing to {${name}} of its uri`);
    return value;
  });
}

function queryOf(target: string): string {
  const { query } = splitTarget(target);
  return query === undefined ? "" : `?${query}`;
}

/** With `responseHeaders: "raw"` undici gives names and values in turn, as bytes or text. */
function pairs(raw: unknown): HeaderList {
  const flat = Array.isArray(raw)
    ? raw.map((item: unknown) => (Buffer.isBuffer(item) ? item.toString("latin1") : String(item)))
    : [];
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) list.push([flat[i] ?? "", flat[i + 1] ?? ""]);
  return list;
}

function failure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof errors.InvalidArgumentError) return new Refusal(REFUSALS.notCanonical, error.message);
  const why = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
  return new Refusal(REFUSALS.upstreamFailed, `MLflow can't be reached: ${why}`);
}

/** Source: X-Ray guide, "Tracing header". */
function traceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds.padStart(8, "0")}-${randomBytes(12).toString("hex")}`;
}
