import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGzip, gzip as gzipped } from "node:zlib";
import { type Listening, listen } from "../servers.ts";
import { siteFile, siteHeaders } from "./files.ts";

export interface SiteSettings {
  /** The built site. */
  readonly folder: string;
  /** JSON file with the security headers. */
  readonly headersFile: string;
}

/** What `gatehouse.json` says, and where pages may send requests. */
export interface SiteConfiguration {
  readonly configuration: object;
  readonly origins: readonly string[];
}

/** Types worth compressing. */
const TEXT = /^(?:text\/|application\/(?:json|wasm)|image\/svg)/;

/** What never changes is compressed once, as a content network does: MLflow's script alone takes a tenth of a second. */
function compressor(): (path: string) => Promise<Buffer> {
  const kept = new Map<string, Promise<Buffer>>();
  return (path) => {
    const found = kept.get(path) ?? readFile(path).then((bytes) => promisify(gzipped)(bytes, { level: 6 }));
    kept.set(path, found);
    found.catch(() => kept.delete(path));
    return found;
  };
}

/** Hosting of the built UI as AWS Amplify does it: its files, the security headers, the page for every path that names no file. */
export function createSite({ folder, headersFile }: SiteSettings) {
  const compressed = compressor();
  let told: { readonly text: string; readonly headers: Readonly<Record<string, string>> } | undefined;
  return {
    /** The doors know their addresses after the site has its own. Until then it answers 503. */
    configure({ configuration, origins }: SiteConfiguration): void {
      told = { text: JSON.stringify(configuration), headers: siteHeaders(headersFile, origins) };
    },
    async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const path = (request.url ?? "/").split("?")[0] ?? "/";
      if (!told) {
        response.writeHead(503, { "retry-after": "1" }).end();
        return;
      }
      if (request.method !== "GET" && request.method !== "HEAD") {
        response.writeHead(405, { ...told.headers, allow: "GET, HEAD" }).end();
        return;
      }
      if (path === "/gatehouse.json") {
        response.writeHead(200, { ...told.headers, "content-type": "application/json", "cache-control": "no-cache" });
        response.end(told.text);
        return;
      }
      // A path that names no file is the application's own.
      const file = siteFile(folder, path) ?? (/\.[a-z0-9]+$/i.test(path) ? undefined : siteFile(folder, "/"));
      if (!file) {
        response.writeHead(404, told.headers).end();
        return;
      }
      const gzip = TEXT.test(file.type) && /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
      response.writeHead(200, {
        ...told.headers,
        "content-type": file.type,
        "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
        ...(gzip ? { "content-encoding": "gzip", vary: "Accept-Encoding" } : {}),
      });
      if (request.method === "HEAD") {
        response.end();
        return;
      }
      if (gzip && file.immutable) {
        const bytes = await compressed(file.path).catch(() => undefined);
        if (bytes) response.end(bytes);
        else response.destroy();
        return;
      }
      const source = createReadStream(file.path);
      // A browser that went away is nobody's error.
      await (gzip ? pipeline(source, createGzip({ level: 5 }), response) : pipeline(source, response)).catch(
        () => undefined,
      );
    },
  };
}

/** A site that listens. */
export interface OpenSite extends Listening {
  readonly configure: (site: SiteConfiguration) => void;
}

/** Serves a built site on an origin of its own. @param port 0 takes a free one */
export async function openSite(settings: SiteSettings, port: number): Promise<OpenSite> {
  const { configure, handle } = createSite(settings);
  const listening = await listen(port, (request, response) => void handle(request, response));
  return { ...listening, configure };
}
