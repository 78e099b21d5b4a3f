import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { listen } from "../../local/servers.ts";
import { logIn, needsChromium, opened, openSite, type Site, userOf } from "./site.ts";

describe("the web UI in a real browser: frames and private windows", function () {
  this.timeout(120_000);
  let site: Site;
  before(async function () {
    needsChromium(this);
    site = await openSite();
  });
  after(async () => site?.close());

  const entered = async (page: Page, persona: string) => {
    await page.goto(site.ui);
    await logIn(page, userOf(site.run, persona));
    await opened(page, userOf(site.run, persona).name);
  };

  it("is shown in no frame of another origin", async () => {
    const stranger = await listen(0, (_, response) =>
      response.setHeader("content-type", "text/html").end(`<iframe name="caught" src="${site.ui}/"></iframe>`),
    );
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await entered(page, "reader");
    const refused = page.waitForEvent("console", (message) => /frame/i.test(message.text()));
    await page.goto(stranger.url);
    await refused;
    assert.equal(await page.frameLocator('iframe[name="caught"]').locator("gatehouse-bar").count(), 0);
    await context.close();
    await stranger.close();
  });

  it("knows nobody in a private window, and each window keeps its own person", async () => {
    const [usual, secret] = [await site.browser.newContext(), await site.browser.newContext()];
    const [page, hidden] = [await usual.newPage(), await secret.newPage()];
    await entered(page, "scientist");
    await hidden.goto(site.ui);
    await hidden.locator('input[name="username"]').waitFor();
    await logIn(hidden, userOf(site.run, "reader"));
    await opened(hidden, userOf(site.run, "reader").name);
    const who = (each: Page) =>
      each.evaluate(async () => {
        const answer = await fetch("ajax-api/2.0/mlflow/users/current");
        return JSON.stringify(await answer.json());
      });
    assert.match(await who(page), new RegExp(userOf(site.run, "scientist").name));
    assert.match(await who(hidden), new RegExp(userOf(site.run, "reader").name));
    // What the private window's end leaves behind: nothing.
    await secret.close();
    const again = await (await site.browser.newContext()).newPage();
    await again.goto(site.ui);
    await again.locator('input[name="username"]').waitFor();
    await again.context().close();
    await page.reload();
    await opened(page, userOf(site.run, "scientist").name);
    await usual.close();
  });
});
