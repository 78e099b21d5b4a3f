import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { logIn, needsChromium, opened, openSite, type Site, userOf, Watched } from "./site.ts";

describe("the web UI in a real browser: what a load asks for", function () {
  this.timeout(90_000);
  let site: Site;
  const asked: string[] = [];
  before(async function () {
    needsChromium(this);
    site = await openSite({
      log: (record) => "method" in record && asked.push(`${record.method} ${record.path}`),
    });
  });
  after(async () => site?.close());

  const entered = async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    const user = userOf(site.run, "scientist");
    await page.goto(`${site.ui}/#/experiments`);
    await settled(page, () => logIn(page, user));
    await opened(page, user.name);
    return { context, page, user };
  };
  /** The page's last question but those that it repeats. */
  const settled = async (page: Page, load: () => Promise<unknown>) => {
    const searched = page.waitForResponse((answer) => /experiments\/search/.test(answer.url()));
    await load();
    await searched;
    await page.waitForTimeout(1_000);
  };

  it("asks for a call's preflight once, not at each load", async () => {
    const { context, page } = await entered();
    assert.ok(asked.includes("OPTIONS /ajax-api/2.0/mlflow/users/current"), asked.join("\n"));
    asked.length = 0;
    await settled(page, () => page.reload());
    assert.ok(asked.includes("GET /ajax-api/2.0/mlflow/users/current"), asked.join("\n"));
    assert.deepEqual(
      asked.filter((each) => each.startsWith("OPTIONS")),
      [],
    );
    await context.close();
  });

  it("asks what MLflow's page asks first while its script loads, once; anew after something was written", async () => {
    const { context, page } = await entered();
    const workspaces = "/ajax-api/3.0/mlflow/workspaces";
    const times = (path: string) => asked.filter((each) => each === `GET ${path}`).length;
    asked.length = 0;
    await settled(page, () => page.reload());
    // The bar asks for them, too.
    const ahead = [
      "/ajax-api/3.0/mlflow/server-info",
      workspaces,
      "/ajax-api/2.0/mlflow/users/current",
      "/ajax-api/3.0/mlflow/assistant/config",
      "/ajax-api/3.0/mlflow/assistant/providers",
    ];
    for (const path of ahead) assert.equal(times(path), 1, `${path} in\n${asked.join("\n")}`);
    assert.deepEqual(new Set(asked.slice(0, ahead.length)), new Set(ahead.map((path) => `GET ${path}`)));

    const again = await page.evaluate(async (path) => {
      await fetch("/ajax-api/2.0/mlflow/experiments/create", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: `asked again ${Date.now()}` }),
      });
      return (await (await fetch(path)).json()) as { readonly workspaces?: unknown };
    }, workspaces);
    assert.equal(times(workspaces), 2, asked.join("\n"));
    assert.ok(Array.isArray(again.workspaces), JSON.stringify(again));
    await context.close();
  });

  it("comes up without Amplify, which it loads when nobody waits", async () => {
    const { context, page } = await entered();
    const shell: string[] = [];
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (/^\/shell\/.*\.js$/.test(pathname)) shell.push(pathname);
    });
    const late = page.waitForRequest(/\/shell\/amplify-/);
    const searching = page.waitForRequest(/experiments\/search/);
    await page.reload();
    await searching;
    assert.equal(shell.length, 1, shell.join("\n"));
    await late;
    await context.close();
  });

  it("forgets a login also where Amplify can't be had to end it", async () => {
    const { context, page } = await entered();
    await context.route(/\/shell\/amplify-/, (route) => route.abort());
    await page.reload();
    await page.locator("gatehouse-bar button", { hasText: "Sign out" }).click();
    await page.getByText("MLflow can't be opened").waitFor();
    assert.deepEqual(await page.evaluate("Object.keys(localStorage).filter((key) => /token/i.test(key))"), []);
    assert.equal(await page.evaluate("fetch('ajax-api/2.0/mlflow/users/current').then(({ status }) => status)"), 401);
    await context.close();
  });

  it("starts with the settings it knows, and takes others as soon as there are others", async () => {
    const { context, page, user } = await entered();
    const watched = new Watched(site, context);
    const persona = page.locator("gatehouse-bar .persona");
    assert.equal(await persona.textContent(), "scientist");
    await context.route("**/gatehouse.json", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ json: { ...((await response.json()) as object), personas: [] } });
    });
    await page.reload();
    // Without the personas' names there are the groups'.
    await persona.filter({ hasText: user.groups.join(", ") }).waitFor();
    assert.deepEqual(watched.problems, []);
    await context.close();
  });
});
