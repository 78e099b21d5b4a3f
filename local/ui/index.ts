import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
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

/** Hosting of the built UI as AWS Amplify does it: its files, the security headers, the page for every path that names no file. */
export function createSite({ folder, headersFile }: SiteSettings) {
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
