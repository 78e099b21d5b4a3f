import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { type Company, federatedProgram, openCompany } from "./company.ts";
import { logIn, needsChromium, opened, openSite, type Site, userOf } from "./site.ts";

describe("the web UI in a real browser: login at the company's own OpenID provider", function () {
  this.timeout(90_000);
  let company: Company;
  let site: Site;
  before(async function () {
    needsChromium(this);
    company = await openCompany();
    site = await openSite({ dir: federatedProgram(company.issuer), loginOrigin: company.loginOrigin });
    company.passTo(site.run.urls.userPool);
  });
  after(async () => {
    await site?.close();
    await company?.close();
  });

  const at = async (who: string, path = "/") => {
    // The provider's certificate is nobody's but its own.
    const context = await site.browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${site.ui}${path}`);
    await page.getByRole("button", { name: "Sign in with Acme" }).click();
    await page.locator('input[name="login"]').fill(who);
    await page.locator('input[name="password"]').fill("anything");
    await page.locator('button[type="submit"]').click();
    await page.getByRole("button", { name: "Continue" }).click();
    return { context, page };
  };
  const claims = async (page: Page) => {
    const token = await page.evaluate(
      () => Object.entries(localStorage).find(([key]) => key.endsWith(".accessToken"))?.[1] as string,
    );
    return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
  };
  const whoAmI = (page: Page) =>
    page.evaluate(async () => {
      const response = await fetch("ajax-api/2.0/mlflow/users/current");
      return { status: response.status, text: await response.text() };
    });

  it("makes the provider's claim the person and its groups a persona, and comes back to the deep link", async () => {
    const { context, page } = await at("Ida.Quay", "/#/models");
    await opened(page, "ida@acme.example");
    assert.equal(await page.locator("gatehouse-bar .persona").textContent(), "scientist");
    // MLflow writes its own state behind the path when it likes.
    await page.waitForURL(({ href }) => /#\/models/.test(href) && !/[?&](?:code|state)=/.test(href));
    const said = await claims(page);
    assert.equal(said["gatehouse:person"], "ida@acme.example");
    assert.deepEqual(said["cognito:groups"], ["scientists", "team-vision"]);
    assert.equal(said.scope, "openid");
    const me = await whoAmI(page);
    assert.equal(me.status, 200);
    assert.match(me.text, /"ida@acme\.example"/);
    await page.locator("gatehouse-bar").getByRole("button", { name: "Sign out" }).click();
    await page.locator('input[name="username"]').waitFor();
    await context.close();
  });

  it("lets no provider name people of another domain, and says so at the login", async () => {
    const { context, page } = await at("visitor");
    await page.getByRole("alert").filter({ hasText: "may not name people of other.example" }).waitFor();
    await page.locator('input[name="username"]').waitFor();
    await context.close();
  });

  it("gives nothing for groups that the settings don't map", async () => {
    const { context, page } = await at("temp");
    await page.getByRole("heading", { name: "You have no access yet" }).waitFor();
    assert.equal((await claims(page))["cognito:groups"], undefined);
    await context.close();
  });

  it("still lets people of the pool itself log in", async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await page.goto(site.ui);
    await logIn(page, userOf(site.run, "reader"));
    await opened(page, userOf(site.run, "reader").name);
    await context.close();
  });
});
