import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildUi } from "../../tools/ui/build.ts";
import { wheelUi } from "../../tools/ui/wheel.ts";
import { logIn, needsChromium, opened, openSite, ROOT, type Site, userOf, Watched } from "./site.ts";

/** What uv says when it can't reach the index. */
const OFFLINE = /failed to fetch|error sending request|dns error|timed? ?out|connect|network/i;

describe("the web UI with the static files of another MLflow minor", function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-minor-"));
  const [major = "", minor = ""] = wheelUi(join(ROOT, ".venv")).version.split(".");
  const other = `${major}.${Number(minor) - 1}`;
  let site: Site;
  before(async function () {
    needsChromium(this);
    const target = join(folder, "venv/lib/python3/site-packages");
    const wanted = `mlflow==${other}.*`;
    await promisify(execFile)(join(ROOT, ".venv/bin/uv"), [
      ...["pip", "install", "--quiet", "--python", join(ROOT, ".venv/bin/python")],
      ...["--no-deps", "--target", target, wanted],
    ]).catch((error: unknown) => {
      const said = String((error as { readonly stderr?: unknown }).stderr ?? error);
      if (!OFFLINE.test(said)) throw error;
      console.log(`      the package index can't be reached, so there is no wheel of MLflow ${other}: skipped`);
      this.skip();
    });
    const dist = join(folder, "dist");
    await buildUi(ROOT, undefined, { venv: join(folder, "venv"), dist });
    site = await openSite({ ui: { folder: dist, headersFile: join(ROOT, "ui/headers.json") } });
  });
  after(async () => {
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is built from them, logs in and shows the experiments", async () => {
    assert.ok(wheelUi(join(folder, "venv")).version.startsWith(`${other}.`));
    const context = await site.browser.newContext();
    const watched = new Watched(site, context);
    const page = await context.newPage();
    const user = userOf(site.run, "scientist");
    const scripts: string[] = [];
    page.on("request", (request) => request.resourceType() === "script" && scripts.push(request.url()));
    await page.goto(`${site.ui}/#/experiments`);
    await logIn(page, user);
    await opened(page, user.name);
    await page.getByText("Experiments").first().waitFor();
    const searched = page.waitForResponse((answer) => /experiments\/search/.test(answer.url()) && answer.ok());
    await page.reload();
    await searched;
    const mine = wheelUi(join(ROOT, ".venv")).scripts;
    assert.ok(scripts.some((url) => /static-files\/static\/js\/main/.test(url)));
    assert.ok(
      !scripts.some((url) => mine.some((script) => url.endsWith(script))),
      "MLflow's script is the pinned one's",
    );
    assert.deepEqual(watched.problems, []);
    await context.close();
  });
});
