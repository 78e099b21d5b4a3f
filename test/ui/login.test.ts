import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { codeAt } from "../../local/issuer/totp.ts";
import { gatehouse } from "../helpers/gatehouse.ts";
import { logIn, needsChromium, opened, openSite, type Site } from "./site.ts";

describe("the web UI in a real browser: first login, forgotten password, second factor, no persona", function () {
  this.timeout(90_000);
  let site: Site;
  before(async function () {
    needsChromium(this);
    site = await openSite();
  });
  after(async () => site?.close());

  const command = async (...args: string[]) => {
    const { code, stderr } = await gatehouse(...args, "--data", site.data);
    assert.equal(code, 0, stderr);
  };
  /** The last mail to a person. */
  const mailTo = (person: string): string => {
    const mails = readFileSync(join(site.data, "mail.log"), "utf8").trim().split("\n");
    const all = mails.map((line) => JSON.parse(line) as { readonly to: string; readonly text: string });
    return all.findLast(({ to }) => to === person)?.text ?? assert.fail(`no mail to ${person}`);
  };
  const fresh = async (): Promise<{ context: BrowserContext; page: Page }> => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await page.goto(site.ui);
    return { context, page };
  };
  const PASSWORD = "Harbour-cranes-12";

  it("asks somebody invited for a password of his own, and then opens", async () => {
    await command("users", "add", "ina@acme.example", "--persona", "scientist", "--group", "team-vision");
    const { context, page } = await fresh();
    await logIn(page, { name: "ina@acme.example", password: mailTo("ina@acme.example") });
    await page.locator('input[name="password"]').fill("short");
    await page.locator('input[name="confirm_password"]').fill("short");
    await page.locator('button[type="submit"]').click();
    await page
      .getByText(/Password (must|did not|not)/i)
      .first()
      .waitFor();
    await page.locator('input[name="password"]').fill(PASSWORD);
    await page.locator('input[name="confirm_password"]').fill(PASSWORD);
    await page.locator('button[type="submit"]').click();
    await opened(page, "ina@acme.example");
    assert.equal(await page.locator("gatehouse-bar .persona").textContent(), "scientist");
    await context.close();
  });

  it("replaces a forgotten password with a mailed code", async () => {
    const { context, page } = await fresh();
    await page.getByRole("button", { name: /forgot/i }).click();
    await page.locator('input[name="username"]').fill("ina@acme.example");
    await page.locator('button[type="submit"]').click();
    await page.locator('input[name="confirmation_code"]').waitFor();
    const code = /\d{6}/.exec(mailTo("ina@acme.example"))?.[0] ?? "";
    await page.locator('input[name="confirmation_code"]').fill(code);
    await page.locator('input[name="password"]').fill(`${PASSWORD}3`);
    await page.locator('input[name="confirm_password"]').fill(`${PASSWORD}3`);
    await page.locator('button[type="submit"]').click();
    await logIn(page, { name: "ina@acme.example", password: `${PASSWORD}3` });
    await opened(page, "ina@acme.example");
    await context.close();
  });

  it("asks for the second factor of somebody who has one, and takes no wrong code", async () => {
    const { context, page } = await fresh();
    await logIn(page, { name: "ina@acme.example", password: `${PASSWORD}3` });
    await opened(page, "ina@acme.example");
    const secret = await addSecondFactor(page, site);
    await page.locator("gatehouse-bar").getByRole("button", { name: "Sign out" }).click();
    await logIn(page, { name: "ina@acme.example", password: `${PASSWORD}3` });
    await page.locator('input[name="confirmation_code"]').fill("000000");
    await page.locator('button[type="submit"]').click();
    await page.getByText(/code/i).first().waitFor();
    // The next half minute's: the last one was used to set it up.
    await page.locator('input[name="confirmation_code"]').fill(codeAt(secret, Date.now() / 1000 + 30));
    await page.locator('button[type="submit"]').click();
    await opened(page, "ina@acme.example");
    await context.close();
  });

  it("tells a person without a persona that he has none and whom to ask", async () => {
    const { context, page } = await fresh();
    const nobody = await newPerson(site);
    await logIn(page, nobody);
    await page.getByRole("heading", { name: "You have no access yet" }).waitFor();
    const text = await page.locator("main p").textContent();
    assert.match(text ?? "", /nobody@acme\.example/);
    assert.match(text ?? "", /in no group that may use MLflow: ask an administrator .* for one of readers, scientists/);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator('input[name="username"]').waitFor();
    await context.close();
  });
});

async function administrator(site: Site) {
  const sdk = await import("@aws-sdk/client-cognito-identity-provider");
  const { region, userPoolId, userPoolUrl, credentials } = site.run.administration();
  const client = new sdk.CognitoIdentityProviderClient({ region, endpoint: userPoolUrl, credentials });
  return { ...sdk, client, pool: userPoolId };
}

/** Somebody in no group. */
async function newPerson(site: Site) {
  const { AdminCreateUserCommand, AdminSetUserPasswordCommand, client, pool } = await administrator(site);
  const who = { name: "nobody@acme.example", password: "Harbour-cranes-12" };
  const common = { UserPoolId: pool, Username: who.name };
  await client.send(new AdminCreateUserCommand({ ...common, MessageAction: "SUPPRESS" }));
  await client.send(new AdminSetUserPasswordCommand({ ...common, Password: who.password, Permanent: true }));
  return who;
}

/** As an account page would: with the person's own token. Returns the secret of the authenticator app. */
async function addSecondFactor(page: Page, site: Site): Promise<string> {
  const { AssociateSoftwareTokenCommand, SetUserMFAPreferenceCommand, VerifySoftwareTokenCommand, client } =
    await administrator(site);
  const AccessToken = await page.evaluate(
    () => Object.entries(localStorage).find(([key]) => key.endsWith(".accessToken"))?.[1] as string,
  );
  const { SecretCode = "" } = await client.send(new AssociateSoftwareTokenCommand({ AccessToken }));
  const UserCode = codeAt(SecretCode, Date.now() / 1000);
  await client.send(new VerifySoftwareTokenCommand({ AccessToken, UserCode }));
  await client.send(
    new SetUserMFAPreferenceCommand({ AccessToken, SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } }),
  );
  return SecretCode;
}
