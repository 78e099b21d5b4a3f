import assert from "node:assert/strict";
import { cpSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { buildUi } from "../../tools/ui/build.ts";
import { logIn, needsChromium, opened, openSite, ROOT, type Site, userOf, Watched } from "./site.ts";

describe("the web UI in a real browser: a release while a page is open", function () {
  this.timeout(120_000);
  const parent = mkdtempSync(join(tmpdir(), "gatehouse-release-"));
  const folder = join(parent, "dist");
  let site: Site;
  before(async function () {
    needsChromium(this);
    await buildUi(ROOT);
    cpSync(join(ROOT, "ui/dist"), folder, { recursive: true });
    site = await openSite({ ui: { folder, headersFile: join(ROOT, "ui/headers.json") } });
  });
  after(async () => {
    await site?.close();
    rmSync(parent, { recursive: true, force: true });
  });

  const status = (page: Page) => page.evaluate(async () => (await fetch("ajax-api/2.0/mlflow/users/current")).status);

  /** Another worker, another shell, other names of MLflow's files: nothing of the old ones is left. */
  function release(): void {
    writeFileSync(join(folder, "sw.js"), `${readFileSync(join(folder, "sw.js"), "utf8")}\nself.release = 2;\n`);
    const index = join(folder, "index.html");
    const [shell = ""] = globSync("shell/shell-*.js", { cwd: folder });
    renameSync(join(folder, shell), join(folder, "shell/shell-released.js"));
    writeFileSync(index, readFileSync(index, "utf8").replace(shell, "shell/shell-released.js"));
    for (const chunk of globSync("static-files/static/js/*.chunk.js", { cwd: folder })) rmSync(join(folder, chunk));
  }

  it("goes on under the new worker without a login, says when a file is gone, and is new after a reload", async () => {
    const context = await site.browser.newContext();
    const watched = new Watched(site, context);
    const page = await context.newPage();
    const user = userOf(site.run, "scientist");
    await page.goto(`${site.ui}/#/experiments`);
    await logIn(page, user);
    await opened(page, user.name);
    await page.getByText("Experiments").first().waitFor();
    // What it loads late, so that nothing of it is asked for after the release; a busy machine may never be quiet.
    await page.waitForLoadState("networkidle", { timeout: 10_000 }).catch(() => undefined);

    release();
    const changed = page.evaluate(
      `new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", () => resolve(true), { once: true }))`,
    );
    await page.evaluate(`navigator.serviceWorker.getRegistration().then((registration) => registration.update())`);
    assert.equal(await changed, true);
    const [worker] = context.serviceWorkers().slice(-1);
    assert.equal(await worker?.evaluate("self.release"), 2);
    // The new worker has no token yet: the open page, which is older, gives it one.
    assert.equal(await status(page), 200);
    assert.equal(await page.locator("gatehouse-bar .person").textContent(), user.name);
    assert.deepEqual(watched.problems, []);

    await page.goto(`${site.ui}/#/models`);
    const said = page.locator("gatehouse-bar .said p");
    await said.filter({ hasText: "A newer version was released: reload this page." }).waitFor();

    const second = await context.newPage();
    const shell = second.waitForRequest(/shell-released\.js$/);
    await second.goto(site.ui);
    await shell;
    await opened(second, user.name);
    assert.equal(await status(second), 200);
    const reloaded = page.waitForRequest(/shell-released\.js$/);
    await page.reload();
    await reloaded;
    await opened(page, user.name);
    await context.close();
  });
});
