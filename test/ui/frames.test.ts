import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { listen } from "../../local/servers.ts";
import { logIn, needsChromium, opened, openSite, type Site, userOf, Watched } from "./site.ts";

describe("the web UI in a real browser: frames, other sites, private windows", function () {
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

  it("lends the login to no form of another site", async () => {
    const form = `<form method="post" enctype="text/plain" action="${site.ui}/ajax-api/2.0/mlflow/upload-artifact?run_uuid=r&path=p"><input name="a"></form>`;
    const stranger = await listen(0, (_, response) =>
      response.setHeader("content-type", "text/html").end(`${form}<script>document.forms[0].submit()</script>`),
    );
    const context = await site.browser.newContext();
    const watched = new Watched(site, context);
    const page = await context.newPage();
    await entered(page, "scientist");
    const answer = page.waitForResponse(/upload-artifact/);
    await page.goto(stranger.url).catch(() => undefined);
    assert.equal((await answer).status(), 403);
    assert.deepEqual(
      watched.calls.filter((call) => call.url().includes("upload-artifact")).map((call) => call.url()),
      [],
    );
    await context.close();
    await stranger.close();
  });

  it("leads to no other site after the login", async () => {
    const stranger = await listen(0, (_, response) => response.end("stranger"));
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await entered(page, "reader");
    for (const spelling of ["/\\", "/.//"]) {
      await page.goto(`${site.ui}/?open=${encodeURIComponent(`${spelling}${new URL(stranger.url).host}`)}`);
      await page.locator("#root > *").first().waitFor();
      assert.equal(new URL(page.url()).origin, site.ui, JSON.stringify(spelling));
      assert.equal(new URL(page.url()).pathname, "/", JSON.stringify(spelling));
    }
    await context.close();
    await stranger.close();
  });

  it("says so at a path that is none of the site's, and doesn't load it for ever", async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await entered(page, "reader");
    await page.goto(`${site.ui}//nowhere`);
    await page.getByText("open this site at its start page").waitFor();
    await page.goto(site.ui);
    await page.locator("#root > *").first().waitFor();
    await context.close();
  });

  describe("somebody else's file", () => {
    const STEALS = "document.documentElement.setAttribute('data-stolen', String(localStorage.length))";
    const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="${STEALS}"><script>${STEALS}</script><rect width="9" height="9"/><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="${STEALS}"/></body></foreignObject></svg>`;
    const HTML = `<!doctype html><html><body onload="${STEALS}"><script>parent.postMessage("drawn","*");${STEALS}</script></body></html>`;
    let context: BrowserContext;
    let page: Page;
    before(async () => {
      context = await site.browser.newContext();
      page = await context.newPage();
      await entered(page, "approver");
    });
    after(async () => context?.close());
    const objectUrl = (text: string, type: string) =>
      page.evaluate<string>(
        `URL.createObjectURL(new Blob([${JSON.stringify(text)}], { type: ${JSON.stringify(type)} }))`,
      );

    for (const [type, text] of Object.entries({
      "text/html": HTML,
      "Text/HTML; charset=utf-8": HTML,
      "application/xhtml+xml": HTML.replace("<!doctype html><html>", '<html xmlns="http://www.w3.org/1999/xhtml">'),
      "image/svg+xml": SVG,
      "application/xml": SVG,
      "text/xsl": SVG,
      "": HTML,
    }))
      it(`runs nothing in a tab of its own: ${type || "without a type"}`, async () => {
        const url = await objectUrl(text, type);
        const tab = await context.newPage();
        // What can't be shown is saved.
        await tab.goto(url).catch(() => undefined);
        await tab.waitForTimeout(100);
        assert.equal(await tab.evaluate("document.documentElement?.getAttribute('data-stolen') ?? null"), null);
        await tab.close();
      });

    it("is drawn in MLflow's frame with its scripts, and as a picture, and is saved byte by byte", async () => {
      const drawn = await page.evaluate<string>(`new Promise((resolve) => {
        addEventListener("message", ({ data }) => resolve(data), { once: true });
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-scripts";
        frame.src = ${JSON.stringify(await objectUrl(HTML, "text/html"))};
        document.body.append(frame);
      })`);
      assert.equal(drawn, "drawn");
      const width = await page.evaluate<number>(`new Promise((resolve, reject) => {
        const picture = new Image();
        picture.onload = () => resolve(picture.width);
        picture.onerror = () => reject(new Error("no picture"));
        picture.src = ${JSON.stringify(await objectUrl(SVG, "image/svg+xml"))};
      })`);
      assert.equal(width, 9);
      const saved = page.waitForEvent("download");
      await page.evaluate(`{
        const link = document.createElement("a");
        link.href = ${JSON.stringify(await objectUrl(HTML, "text/html"))};
        link.download = "page.html";
        document.body.append(link);
        link.click();
        URL.revokeObjectURL(link.href);
      }`);
      assert.equal(readFileSync(await (await saved).path(), "utf8"), HTML);
    });

    it("has no link that is a script", async () => {
      await page.evaluate(`document.body.insertAdjacentHTML("beforeend",
        '<a id="bait" style="position:fixed;top:60px;left:0;z-index:99999" href=" java\tscript:document.title=1">bait</a>')`);
      await page.locator("#bait").click();
      await page.evaluate("window.open('javascript:document.title=1', '_self')");
      await page.waitForTimeout(100);
      assert.notEqual(await page.title(), "1");
    });
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
