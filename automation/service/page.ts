import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyPluginAsync } from "fastify";

const PAGE = readFileSync(new URL("page.html", import.meta.url), "utf8");
const hash = (tag: string) => {
  const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(PAGE)?.[1] ?? "";
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
};

/** What needs no token, since it says nothing of the organization: the page, which asks for one, the API's description, and whether the service is there. */
export const pageRoutes: FastifyPluginAsync = async (app) => {
  const open = { schema: { hide: true }, config: { role: "anyone" as const } };
  app.get("/", open, (_, reply) =>
    reply
      .type("text/html; charset=utf-8")
      .headers({
        "content-security-policy": `default-src 'none'; script-src ${hash("script")}; style-src ${hash("style")}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
      })
      .send(PAGE),
  );
  app.get("/openapi.json", open, () => app.swagger());
  app.get("/healthz", { ...open, config: { ...open.config, rateLimit: false } }, () => ({ ok: true }));
};
