// Makes the pictures of the web UI in docs/images, from a local run in a real browser: `npm run screenshots`.
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { logIn, opened, openSite, ROOT, userOf } from "../test/ui/site.ts";
import { makeRuns } from "./screenshots/runs.ts";

const FOLDER = join(ROOT, "docs/images");
const SIZE = { width: 1200, height: 680 };
/** Milliseconds in which fonts, charts and what moves come to rest. */
const REST = 1_500;
const MOST_BYTES = 150_000;

mkdirSync(FOLDER, { recursive: true });
const site = await openSite();
const files: string[] = [];
try {
  const taken = async (page: Page, name: string, height = SIZE.height) => {
    await page.waitForTimeout(REST);
    const path = join(FOLDER, `${name}.png`);
    await page.screenshot({ path, clip: { x: 0, y: 0, width: SIZE.width, height } });
    files.push(path);
  };
  const as = async (persona: string, before?: (page: Page) => Promise<void>) => {
    const context = await site.browser.newContext({ viewport: SIZE });
    const page = await context.newPage();
    const user = userOf(site.run, persona);
    await page.goto(site.ui);
    await page.locator('input[name="username"]').waitFor();
    await before?.(page);
    await logIn(page, user);
    await opened(page, user.name);
    return page;
  };
  const scientist = userOf(site.run, "scientist");
  const experiment = await makeRuns(site.run, scientist.name, "vision");

  const page = await as("scientist", async (login) => {
    await login.locator('input[name="username"]').fill(scientist.name);
    await login.locator('input[name="password"]').fill("not-the-password");
    await taken(login, "ui-login");
  });
  await page.goto(`${site.ui}/#/experiments/${experiment}/runs`);
  await page.getByText("quiet sunday").first().waitFor();
  // MLflow's assistant takes a third of the width.
  await page.locator('[data-component-id="mlflow.assistant.chat_panel.close"]').click();
  await taken(page, "ui-experiment");
  await taken(page, "ui-bar", 120);

  const readers = await as("reader");
  await readers.goto(`${site.ui}/#/experiments`);
  await readers
    .getByRole("button", { name: /create/i })
    .first()
    .click();
  await readers.getByPlaceholder(/experiment name/i).fill("of a reader");
  await readers.getByTestId("mlflow-input-modal").getByRole("button", { name: "Create" }).click();
  await readers.locator("gatehouse-bar .said p", { hasText: "write experiment" }).waitFor();
  await taken(readers, "ui-refusal");
} finally {
  await site.close();
}
execFileSync(join(ROOT, ".venv/bin/python"), [join(ROOT, "tools/screenshots/smaller.py"), ...files]);
for (const file of files) {
  const { size } = statSync(file);
  console.log(`${file.slice(ROOT.length)}: ${(size / 1000).toFixed(0)} KB`);
  if (size > MOST_BYTES) process.exitCode = 1;
}
