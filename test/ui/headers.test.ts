import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { customHeaders } from "../../components/cognitoUi/headers.ts";
import { siteFile, siteHeaders } from "../../local/ui/files.ts";
import { openSite } from "../../local/ui/index.ts";
import { buildUi } from "../../tools/ui/build.ts";
import { ROOT } from "./site.ts";

interface Rule {
  readonly pattern: string;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
}

describe("headers of the web UI", function () {
  this.timeout(60_000);
  const origins = ["https://api.example", "https://login.example"];
  const { customHeaders: rules } = parse(customHeaders(origins)) as { readonly customHeaders: readonly Rule[] };
  const matching = (path: string) =>
    rules.filter(({ pattern }) =>
      pattern.endsWith("**") ? path.startsWith(pattern.slice(0, -2)) || pattern === "**" : pattern === path,
    );

  it("are the same on AWS and in the local run", () => {
    const [all] = rules.filter(({ pattern }) => pattern === "**");
    assert.deepEqual(
      Object.fromEntries((all?.headers ?? []).map(({ key, value }) => [key, value])),
      siteHeaders(join(ROOT, "ui/headers.json"), origins),
    );
  });

  it("let a browser keep what has a digest in its name, and nothing else", async () => {
    await buildUi(ROOT);
    const folder = join(ROOT, "ui/dist");
    assert.ok(existsSync(folder));
    const caching = (path: string) =>
      matching(path).flatMap(({ headers }) => headers.filter(({ key }) => key === "Cache-Control"));
    for (const path of ["/", "/index.html", "/gatehouse.json", "/sw.js", "/needs.json"]) {
      assert.deepEqual(caching(path), [{ key: "Cache-Control", value: "no-cache" }], path);
      assert.ok(!siteFile(folder, path)?.immutable, path);
    }
    for (const path of ["/static-files/static/js/main.0.js", "/shell/shell-0.js"])
      assert.match(caching(path)[0]?.value ?? "", /immutable/, path);
    assert.equal(caching("/static-files/favicon.ico").length, 0);
  });

  it("come with MLflow's own bytes, compressed for who takes that", async () => {
    await buildUi(ROOT);
    const folder = join(ROOT, "ui/dist");
    const [script = ""] = globSync("static-files/static/js/main.*.js", { cwd: folder });
    const site = await openSite({ folder, headersFile: join(ROOT, "ui/headers.json") }, 0);
    try {
      site.configure({ configuration: {}, origins });
      const bytes = readFileSync(join(folder, script));
      for (const encoding of ["gzip", "gzip", "identity"]) {
        const answer = await fetch(`${site.url}/${script}`, { headers: { "accept-encoding": encoding } });
        assert.equal(answer.headers.get("content-encoding"), encoding === "gzip" ? "gzip" : null);
        assert.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())));
      }
      const gone = await fetch(`${site.url}/static-files/static/js/gone.js`);
      assert.equal(gone.status, 404);
      assert.equal(gone.headers.get("x-content-type-options"), "nosniff");
    } finally {
      await site.close();
    }
  });

  it("name no origin but the site's own, the door and the login, and let no other site frame a page", () => {
    const policy = siteHeaders(join(ROOT, "ui/headers.json"), origins)["Content-Security-Policy"] ?? "";
    const sources = policy.split(";").flatMap((directive) => directive.trim().split(/\s+/).slice(1));
    assert.deepEqual([...new Set(sources.filter((source) => source.includes("://")))].toSorted(), origins);
    assert.match(policy, /(^|; )default-src 'none'/);
    assert.match(policy, /frame-ancestors 'self'$/);
  });
});
