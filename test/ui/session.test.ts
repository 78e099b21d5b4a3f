import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { logIn, needsChromium, opened, openSite, type Site, userOf, Watched } from "./site.ts";

describe("the web UI in a real browser: logging in, staying in, leaving", function () {
  this.timeout(90_000);
  let site: Site;
  before(async function () {
    needsChromium(this);
    site = await openSite();
  });
  after(async () => site?.close());

  /** A browser of somebody new. */
  const fresh = async () => {
    const context = await site.browser.newContext();
    const watched = new Watched(site, context);
    return { context, watched, page: await context.newPage() };
  };
  const reader = () => userOf(site.run, "reader");
  const loggedIn = async (page: Page, path = "/") => {
    await page.goto(`${site.ui}${path}`);
    await logIn(page, reader());
    await opened(page, reader().name);
  };
  const loginForm = (page: Page) => page.locator('input[name="username"]').waitFor();

  it("logs in by keyboard alone, shows who, as what and where, and has no error and no foreign request", async () => {
    const { context, page, watched } = await fresh();
    await page.goto(site.ui);
    await page.locator('input[name="username"]').focus();
    await page.keyboard.type(reader().name);
    await page.keyboard.press("Tab");
    await page.keyboard.type(reader().password);
    await page.keyboard.press("Enter");
    await opened(page, reader().name);
    await page.getByText("Experiments").first().waitFor();
    const bar = page.locator("gatehouse-bar");
    assert.equal(await bar.locator(".persona").textContent(), "reader");
    assert.equal(await bar.locator("select").inputValue(), "vision");
    assert.ok(watched.calls.length > 3);
    assert.deepEqual(watched.problems, []);
    await context.close();
  });

  it("says what is wrong with a wrong password, and lets nobody in", async () => {
    const { context, page, watched } = await fresh();
    await page.goto(site.ui);
    await logIn(page, { name: reader().name, password: "Wrong-password-1" });
    await page.getByText(/Incorrect username or password/).waitFor();
    assert.equal(watched.calls.length, 0);
    await context.close();
  });

  it("keeps a deep link over the login, and over a hard reload and back", async () => {
    const { context, page, watched } = await fresh();
    await loggedIn(page, "/#/models");
    await page
      .getByText("Registered Models")
      .or(page.getByRole("heading", { name: /models/i }))
      .first()
      .waitFor();
    assert.match(page.url(), /#\/models/);
    await page.goto(`${site.ui}/#/experiments`);
    await page.goBack();
    await page.waitForURL(/#\/models/);
    // As with Ctrl-Shift-R: past every cache and past the worker.
    const devtools = await context.newCDPSession(page);
    await devtools.send("Page.reload", { ignoreCache: true });
    await page.waitForLoadState("load");
    await opened(page, reader().name);
    assert.match(page.url(), /#\/models/);
    await page
      .getByText(/models/i)
      .first()
      .waitFor();
    assert.deepEqual(watched.problems, []);
    await context.close();
  });

  it("opens a second tab without a second login; a sign-out ends both, and the tokens", async () => {
    const { context, page } = await fresh();
    await loggedIn(page);
    const second = await context.newPage();
    await second.goto(site.ui);
    await opened(second, reader().name);
    await page.locator("gatehouse-bar").getByRole("button", { name: "Sign out" }).click();
    await loginForm(page);
    await loginForm(second);
    assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => /Token$/.test(key)).length), 0);
    const answer = await second.evaluate(async () => (await fetch("ajax-api/2.0/mlflow/users/current")).status);
    assert.equal(answer, 401);
    await context.close();
  });

  it("replaces the token before it ends, while the page is open", async () => {
    const { context, page, watched } = await fresh();
    await page.clock.install();
    await loggedIn(page);
    const bearers = () => new Set(watched.calls.map((call) => call.headers().authorization));
    assert.equal(bearers().size, 1);
    await page.clock.fastForward("14:00");
    await page.waitForTimeout(1_500);
    await page.evaluate(async () => (await fetch("ajax-api/2.0/mlflow/users/current")).status);
    assert.equal(bearers().size, 2);
    // A script that was loading when the clock jumped is given up: its two minutes were over at once.
    assert.deepEqual(
      watched.problems.filter((problem) => !/ChunkLoadError.*\(timeout: /s.test(problem)),
      [],
    );
    await context.close();
  });

  it("asks for the login again when it has ended, and goes on where it was", async () => {
    const { context, page } = await fresh();
    await page.clock.install();
    await loggedIn(page, "/#/models");
    await page.evaluate(() => {
      for (const key of Object.keys(localStorage).filter((each) => each.endsWith("refreshToken")))
        localStorage.setItem(key, "ended");
    });
    await page.clock.fastForward("16:00");
    await loginForm(page);
    assert.match(page.url(), /#\/models/);
    await logIn(page, reader());
    await opened(page, reader().name);
    await context.close();
  });

  it("survives the end of the worker, which a browser may choose at any time", async () => {
    const { context, page, watched } = await fresh();
    await loggedIn(page);
    const devtools = await context.newCDPSession(page);
    await devtools.send("ServiceWorker.enable");
    await devtools.send("ServiceWorker.stopAllWorkers");
    const status = await page.evaluate(async () => (await fetch("ajax-api/2.0/mlflow/users/current")).status);
    assert.equal(status, 200);
    assert.deepEqual(watched.problems, []);
    await context.close();
  });

  it("switches the workspace, and MLflow shows the other one", async () => {
    const { context, page } = await fresh();
    await loggedIn(page);
    await page.locator("gatehouse-bar select").selectOption("shared");
    await page.waitForEvent("load");
    await opened(page, reader().name);
    assert.equal(await page.locator("gatehouse-bar select").inputValue(), "shared");
    const asked = page.waitForRequest((request) => /experiments\/search/.test(request.url()));
    await page.goto(`${site.ui}/#/experiments`);
    assert.equal((await asked).headers()["x-mlflow-workspace"], "shared");
    await context.close();
  });

  it("follows the system's dark mode at the login and MLflow's own afterwards", async () => {
    const context = await site.browser.newContext({ colorScheme: "dark" });
    const page = await context.newPage();
    await page.goto(site.ui);
    await loginForm(page);
    const darkness = (selector: string) =>
      page.locator(selector).evaluate((element) => {
        const style = element.ownerDocument.defaultView?.getComputedStyle(element).backgroundColor ?? "";
        const [r = 255, g = 255, b = 255] = (style.match(/\d+/g) ?? []).map(Number);
        return r + g + b < 200;
      });
    assert.ok(await darkness(".gatehouse-page"));
    await logIn(page, reader());
    await opened(page, reader().name);
    await page.locator("body.dark-mode").waitFor();
    assert.ok(await darkness("gatehouse-bar header"));
    await context.close();
  });

  it("opens an artifact's link without a login by way of the login", async () => {
    const { context, page } = await fresh();
    await loggedIn(page);
    await page.evaluate(() => localStorage.clear());
    await page.goto("about:blank");
    const devtools = await context.newCDPSession(page);
    await devtools.send("ServiceWorker.enable");
    await devtools.send("ServiceWorker.stopAllWorkers");
    await page.goto(`${site.ui}/get-artifact?run_uuid=0&path=x`);
    await loginForm(page);
    assert.equal(new URL(page.url()).searchParams.get("open"), "/get-artifact?run_uuid=0&path=x");
    await context.close();
  });
});
