import type { IncomingMessage } from "node:http";
import { BodyTooLongError, type HeaderList, readBody } from "../httpMessage.ts";
import { REFUSALS, Refusal } from "./refusal.ts";

/** Sizes that API Gateway takes. Source: API Gateway guide, "Quotas for configuring and running a REST API". */
export interface Limits {
  readonly bodyBytes: number;
  /** Names and values of all headers together. */
  readonly headerBytes: number;
  readonly urlCharacters: number;
  /** Bodies of all requests in flight: what bounds this process's memory. */
  readonly bufferedBytes: number;
}

export const AWS_LIMITS: Limits = {
  bodyBytes: 10 * 1024 * 1024,
  headerBytes: 10_240,
  urlCharacters: 10_240,
  bufferedBytes: 256 * 1024 * 1024,
};

/** Options for `node:http`'s createServer: its own limit must be above ours, or it answers first. */
export const GATEWAY_SERVER_OPTIONS = { maxHeaderSize: 64 * 1024 } as const;

/** @throws Refusal when the request line or the headers are too long */
export function checkSizes(target: string, headers: HeaderList, limits: Limits): void {
  if (target.length > limits.urlCharacters)
    throw new Refusal(REFUSALS.urlTooLong, `the URL is longer than ${limits.urlCharacters} characters`);
  const bytes = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > limits.headerBytes)
    throw new Refusal(REFUSALS.headersTooLong, `the headers are longer than ${limits.headerBytes} bytes`);
}

/** Reads bodies into memory, as API Gateway does, and holds no more of them than allowed. */
export function bodyReader(limits: Limits) {
  let held = 0;
  /** Runs `use` with the body, which counts as held until `use` ends. @throws Refusal */
  return async <T>(request: IncomingMessage, use: (body: Buffer) => Promise<T>): Promise<T> => {
    const declared = request.headers["content-length"];
    const chunked = request.headers["transfer-encoding"] !== undefined;
    const reserved = chunked ? limits.bodyBytes : Math.min(Number(declared ?? 0), limits.bodyBytes);
    if (held + reserved > limits.bufferedBytes)
      throw new Refusal(
        REFUSALS.throttled,
        "too many large requests at once: bodies in flight fill the memory set aside",
      );
    held += reserved;
    try {
      const body = await readBody(request, limits.bodyBytes).catch((error: unknown) => {
        if (error instanceof BodyTooLongError)
          throw new Refusal(
            REFUSALS.bodyTooLong,
            `the body is longer than ${limits.bodyBytes} bytes: upload big files straight to S3`,
          );
        throw error;
      });
      return await use(body);
    } finally {
      held -= reserved;
    }
  };
}
