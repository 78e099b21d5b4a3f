import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { type Seeded, seed } from "./seed.ts";
import { logIn, needsChromium, opened, openSite, type Site, userOf, Watched } from "./site.ts";

const API = "ajax-api/2.0/mlflow";

describe("the web UI in a real browser: what each persona sees and may do", function () {
  this.timeout(120_000);
  let site: Site;
  let seeded: Seeded;
  before(async function () {
    needsChromium(this);
    site = await openSite();
    seeded = await seed(site.run);
  });
  after(async () => site?.close());

  /** What the page's own script would send. */
  const status = (page: Page, method: string, path: string, body: object) =>
    page.evaluate(
      async ([verb, where, text]) =>
        (
          await fetch(where, {
            method: verb,
            body: text,
            headers: { "content-type": "application/json", "x-mlflow-workspace": "vision" },
          })
        ).status,
      [method, path, JSON.stringify(body)] as const,
    );

  /** A run that this person made, or the scientist's where he may make none. */
  const own = async (page: Page, { experiment, run }: Seeded): Promise<string> =>
    page.evaluate(
      async ([where, text, other]) => {
        const headers = { "content-type": "application/json", "x-mlflow-workspace": "vision" };
        const made = await fetch(where, { method: "POST", body: text, headers });
        const { run: created } = (await made.json()) as { run?: { info: { run_id: string } } };
        return created?.info.run_id ?? other;
      },
      [`${API}/runs/create`, JSON.stringify({ experiment_id: experiment, start_time: 1 }), run] as const,
    );

  for (const [persona, may] of Object.entries({
    reader: { create: 403, log: 403, tag: 403, alias: 403, transition: 403, deleteRun: 403, deleteModel: 403 },
    scientist: { create: 200, log: 200, tag: 200, alias: 403, transition: 403, deleteRun: 200, deleteModel: 403 },
    approver: { create: 403, log: 403, tag: 403, alias: 200, transition: 200, deleteRun: 403, deleteModel: 403 },
    admin: { create: 200, log: 200, tag: 200, alias: 200, transition: 200, deleteRun: 200, deleteModel: 200 },
  }))
    describe(persona, () => {
      let context: BrowserContext;
      let page: Page;
      let watched: Watched;
      before(async () => {
        context = await site.browser.newContext();
        watched = new Watched(site, context);
        page = await context.newPage();
        await page.goto(site.ui);
        await logIn(page, userOf(site.run, persona));
        await opened(page, userOf(site.run, persona).name);
      });
      after(async () => context?.close());

      const show = (path: string) => page.goto(`${site.ui}/#/${path}`);
      const artifact = async (name: string) => {
        await show(`experiments/${seeded.experiment}/runs/${seeded.run}/artifacts`);
        await page.getByText(name).first().click();
      };

      it("sees experiments, runs, charts, the model and the trace", async () => {
        await show("experiments");
        await page.getByText("harbour cranes").first().waitFor();
        await show(`experiments/${seeded.experiment}/runs`);
        await page.getByText("night shift").first().waitFor();
        await show(`experiments/${seeded.experiment}/runs/${seeded.run}/model-metrics`);
        await page.locator(".js-plotly-plot").first().waitFor();
        await show(`models/${seeded.model}/versions/1`);
        await page
          .getByText(/Version 1/)
          .first()
          .waitFor();
        await show(`experiments/${seeded.experiment}/traces`);
        await page.getByText("weigh a container").or(page.getByText("MSKU 123")).first().waitFor();
        assert.deepEqual(watched.problems, []);
      });

      it("sees a picture and a text, and saves a file", async () => {
        await artifact("report.txt");
        await page.getByText("all cranes were idle at four").first().waitFor();
        await artifact("crane.png");
        await page.waitForFunction(() =>
          Boolean(
            (
              globalThis as unknown as { document: { querySelector(selector: string): unknown } }
            ).document.querySelector('img[src*="get-artifact"], img[src^="blob:"], .js-plotly-plot image'),
          ),
        );
        await artifact("report.txt");
        const saved = page.waitForEvent("download");
        await page.locator('button[data-component-id*="artifactview"]').first().click();
        const download = await saved;
        assert.equal(download.suggestedFilename(), "report.txt");
        assert.equal(readFileSync(await download.path(), "utf8"), "all cranes were idle at four");
        assert.deepEqual(watched.problems, []);
      });

      it("gets a link with `download` saved as well, which goes past every worker", async () => {
        const saved = page.waitForEvent("download");
        await page.evaluate((run) => {
          const { document } = globalThis as unknown as {
            document: { body: { insertAdjacentHTML(where: string, html: string): void } };
          };
          document.body.insertAdjacentHTML(
            "beforeend",
            `<a id="saving" style="position:fixed;top:60px;left:0;z-index:99999" download="report.txt" href="get-artifact?path=report.txt&run_uuid=${run}">save</a>`,
          );
        }, seeded.run);
        await page.locator("#saving").click();
        assert.equal(readFileSync(await (await saved).path(), "utf8"), "all cranes were idle at four");
        await page.locator("#saving").evaluate((link) => link.remove());
      });

      it("runs nobody's artifact as a page", async () => {
        const tab = await context.newPage();
        await tab.goto(`${site.ui}/get-artifact?path=page.html&run_uuid=${seeded.run}`).catch(() => undefined);
        assert.notEqual(await tab.title(), "stolen");
        await tab.close();
      });

      it("creates, edits, transitions and deletes exactly as the matrix says", async () => {
        const create = (name: string) => status(page, "POST", `${API}/experiments/create`, { name });
        const key = "crane",
          value = "seen";
        const { model } = seeded;
        const run = await own(page, seeded);
        const got = {
          create: await create(`by the ${persona}`),
          log: await status(page, "POST", `${API}/runs/log-metric`, {
            run_id: run,
            key: "seen",
            value: 1,
            timestamp: 1,
          }),
          tag: await status(page, "POST", `${API}/runs/set-tag`, { run_id: run, key, value }),
          alias: await status(page, "POST", `${API}/registered-models/alias`, {
            name: model,
            alias: persona,
            version: "1",
          }),
          transition: await status(page, "POST", `${API}/model-versions/transition-stage`, {
            name: model,
            version: "1",
            stage: "Staging",
            archive_existing_versions: false,
          }),
          deleteRun: await status(page, "POST", `${API}/runs/delete`, { run_id: run }),
          deleteModel: await status(page, "DELETE", `${API}/registered-models/delete`, { name: model }),
        };
        assert.deepEqual(got, may);
      });

      if (persona === "reader")
        it("is told what was refused, why and who can, when he clicks", async () => {
          await show("experiments");
          await page
            .getByRole("button", { name: /create/i })
            .first()
            .click();
          await page.getByPlaceholder(/experiment name/i).fill("of a reader");
          await page.getByTestId("mlflow-input-modal").getByRole("button", { name: "Create" }).click();
          const said = page.locator("gatehouse-bar .said p");
          await said.filter({ hasText: "write experiment" }).waitFor();
          assert.equal(
            await said.textContent(),
            "Not allowed: write experiment. You are reader. Who can: scientist, admin.",
          );
        });
    });

  it("platform-admin manages workspaces and is told why there are no experiments", async () => {
    const context = await site.browser.newContext();
    const page = await context.newPage();
    await page.goto(site.ui);
    await logIn(page, userOf(site.run, "platform-admin"));
    await page.locator("gatehouse-bar .persona", { hasText: "platform-admin" }).waitFor();
    assert.equal(await status(page, "GET", "ajax-api/3.0/mlflow/workspaces", {}).catch(() => 200), 200);
    await context.close();
  });
});
