import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, normalize, sep } from "node:path";

/** Source: IANA media types. */
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};

export interface SiteFile {
  readonly path: string;
  readonly type: string;
  /** Bytes under this name never change: the name has a digest of them. */
  readonly immutable: boolean;
}

/** The file of a built site at a path, or undefined. A path can't leave the folder. */
export function siteFile(folder: string, path: string): SiteFile | undefined {
  let plain: string;
  try {
    plain = normalize(decodeURIComponent(path));
  } catch {
    return undefined;
  }
  if (plain.includes("\0")) return undefined;
  const file = join(folder, plain === sep ? "index.html" : plain);
  if (!file.startsWith(folder + sep) || !existsSync(file) || !statSync(file).isFile()) return undefined;
  const immutable = /^\/(?:static-files\/static|shell)\//.test(plain);
  return { path: file, type: TYPES[extname(file)] ?? "application/octet-stream", immutable };
}

/** The security headers of every answer of the site, as AWS's hosting sends them too. @param origins where pages may send requests */
export function siteHeaders(file: string, origins: readonly string[]): Readonly<Record<string, string>> {
  const headers = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, string>>;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replaceAll("{connect}", origins.join(" "))] as const),
  );
}
