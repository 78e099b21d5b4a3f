import { createHash } from "node:crypto";
import { type HeaderList, headerValues, splitTarget } from "../httpMessage.ts";

/** A request as it came over the wire; nothing decoded, nothing merged. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** How a `+` of the query is read: AWS takes it for a space; the lenient forms exist for clients that sign it as sent. */
export type PlusForm = "%20" | "%2B" | "+";

/** Percent-encodes each byte but RFC 3986's unreserved characters. Text is one character a byte (latin1), as Node gives request lines. */
function encodeBytes(bytes: string): string {
  return bytes.replaceAll(
    /[^A-Za-z0-9\-._~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function decodeBytes(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * The path with each segment encoded once more, as every service but S3 wants it.
 * Source: IAM User Guide, "Create a signed API request", step 1.
 */
export function canonicalPath(path: string): string {
  return path.split("/").map(encodeBytes).join("/") || "/";
}

/** The path as S3 wants it: encoded once, whatever spelling the client sent. Source: as above. */
export function canonicalS3Path(path: string): string {
  return (
    path
      .split("/")
      .map((segment) => encodeBytes(decodeBytes(segment)))
      .join("/") || "/"
  );
}

/** The query decoded, encoded in one way, and sorted by name, then value. Source: as above. */
export function canonicalQuery(query: string | undefined, plus: PlusForm = "%20"): string {
  const encode = (text: string) => text.split("+").map(decodeBytes).map(encodeBytes).join(plus);
  return (query ?? "")
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      return at === -1
        ? ([encode(pair), ""] as const)
        : ([encode(pair.slice(0, at)), encode(pair.slice(at + 1))] as const);
    })
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The canonical request. `host` replaces the Host header, since some clients sign it without its port. */
export function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  options: {
    readonly host?: string;
    readonly plus?: PlusForm;
    /** Default: as every service but S3 wants it. */
    readonly path?: (path: string) => string;
    /** What stands for the body; default: the hash of the one that came, never the one that the client declares. */
    readonly payload?: string;
  } = {},
): string {
  const { path, query } = splitTarget(request.target);
  const headers = signedHeaders.map((name) => {
    const values = name === "host" && options.host !== undefined ? [options.host] : headerValues(request.headers, name);
    return `${name}:${values.map((value) => value.trim().replaceAll(/ +/g, " ")).join(",")}\n`;
  });
  return [
    request.method,
    (options.path ?? canonicalPath)(path),
    canonicalQuery(query, options.plus),
    headers.join(""),
    signedHeaders.join(";"),
    options.payload ?? sha256(request.body),
  ].join("\n");
}

/** Hex SHA-256; text is hashed byte by byte as it came (latin1). */
export function sha256(data: string | Uint8Array): string {
  const hash = createHash("sha256");
  return (typeof data === "string" ? hash.update(data, "latin1") : hash.update(data)).digest("hex");
}
