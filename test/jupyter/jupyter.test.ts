import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import type { LocalRun } from "../../local/localRun.ts";
import { DATA, localRun } from "../seen/run.ts";
import { CHROMIUM, needsChromium, ROOT } from "../ui/site.ts";
import { openSpace, type Space } from "./space.ts";

/** Long enough for a machine that does other things too. */
const RUN_MS = 150_000;
const START_MS = 90_000;

/** JupyterLab as somebody in Studio has it: his space, his execution role, a browser. */
interface Lab {
  readonly space: Space;
  readonly context: BrowserContext;
  readonly page: Page;
  readonly url: string;
}

/** JupyterLab's application, as it exposes itself to the page. */
interface Exposed {
  readonly jupyterapp: {
    readonly commands: { execute(command: string): Promise<unknown> };
    readonly shell: {
      readonly currentWidget?: {
        readonly context?: { readonly sessionContext: { readonly session?: { readonly kernel?: { status: string } } } };
      };
    };
  };
}

describe("JupyterLab in a browser: MLflow's tab, and notebooks that log across accounts", function () {
  this.timeout(240_000);
  let run: LocalRun;
  let browser: Browser;
  const labs: Lab[] = [];

  before(async function () {
    needsChromium(this);
    run = await localRun();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
    for (const { space } of labs) await space.close();
  });

  const open = async (key: string, ...notebooks: readonly string[]): Promise<Lab> => {
    const space = await openSpace(run, DATA, key);
    for (const notebook of notebooks)
      copyFileSync(join(ROOT, "client/examples", notebook), join(space.home, "work", notebook));
    const context = await browser.newContext({ viewport: { width: 1300, height: 1000 } });
    const page = await context.newPage();
    const lab = { space, context, page, url: await space.startJupyter() };
    labs.push(lab);
    return lab;
  };
  /** Runs all cells of a notebook by the command of JupyterLab's menu; the text of its outputs. */
  const runAll = async ({ page, url }: Lab, notebook: string, last: RegExp): Promise<string> => {
    await page.goto(url.replace("/lab?", `/lab/tree/${notebook}?`));
    await page.locator(".jp-Launcher, .jp-Notebook").first().waitFor({ timeout: START_MS });
    await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor();
    // Before its kernel is there, a notebook drops what it is told to run.
    await page.waitForFunction(() => {
      const { jupyterapp } = globalThis as unknown as Exposed;
      return jupyterapp.shell.currentWidget?.context?.sessionContext.session?.kernel?.status === "idle";
    });
    await page.evaluate(() => {
      const { jupyterapp } = globalThis as unknown as Exposed;
      void jupyterapp.commands.execute("notebook:run-all-cells").catch(() => undefined);
    });
    // A cell out of sight is there but not rendered.
    const outputs = async () => (await page.locator(".jp-OutputArea-output").allTextContents()).join("\n");
    let shown = "";
    for (const deadline = Date.now() + RUN_MS; Date.now() < deadline && !last.test(shown); shown = await outputs())
      await page.waitForTimeout(250);
    return shown;
  };

  it("a scientist's notebook logs and registers a model in the central account", async () => {
    const lab = await open("vision/ada", "1-train-and-register.ipynb");
    const output = await runAll(lab, "1-train-and-register.ipynb", /registered version|Error/);
    assert.match(output, /registered version \d+ of diabetes/);
  });

  it("the tile opens MLflow in a tab, as the execution role's person and in his workspace", async () => {
    const { page, context, url } = labs[0] ?? assert.fail();
    // Without the notebook that was open last time.
    await page.goto(`${url}&reset`);
    const card = page.locator(".jp-LauncherCard", { hasText: "MLflow" }).first();
    const picture = card.locator("img");
    await picture.waitFor({ timeout: START_MS });
    // Drawn, not only asked for.
    await page.waitForFunction(
      (image) => (image as unknown as { readonly naturalWidth: number } | null)?.naturalWidth,
      await picture.elementHandle(),
    );
    const tab = context.waitForEvent("page", { timeout: START_MS });
    await card.click();
    const mlflow = await tab;
    const problems: string[] = [];
    mlflow.on("response", (response) => {
      if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
    });
    await mlflow.locator("#root > *").first().waitFor();
    assert.equal(new URL(mlflow.url()).origin, new URL(url).origin);
    await mlflow.goto(`${mlflow.url().split("#")[0] ?? ""}#/experiments`);
    await mlflow.getByText("diabetes", { exact: true }).first().waitFor();
    const who = await mlflow.evaluate(
      async () => (await fetch("ajax-api/2.0/mlflow/users/current")).json() as Promise<{ user: { username: string } }>,
    );
    assert.equal(who.user.username, "ada@acme.example");
    assert.deepEqual(problems, []);

    // Somebody's HTML artifact, as MLflow's page opens it, in a tab of its own: Jupyter's session is of this origin.
    const opened = context.waitForEvent("page");
    await mlflow.evaluate(() => {
      const file = new Blob(['<script>localStorage.setItem("ran", origin)</script><p>a report</p>'], {
        type: "text/html",
      });
      (globalThis as unknown as { open: (url: string) => void }).open(URL.createObjectURL(file));
    });
    const file = await opened;
    await file.getByText("runs only where MLflow shows it").waitFor();
    assert.equal(await mlflow.evaluate(() => localStorage.getItem("ran")), null);
    // An answer of the API is no page either.
    const answer = await mlflow.evaluate(async () => {
      const { headers } = await fetch("ajax-api/2.0/mlflow/users/current");
      return headers.get("content-security-policy");
    });
    assert.match(answer ?? "", /^sandbox;/);
  });

  it("a reader's notebook reads, and is refused in words that he understands", async () => {
    const lab = await open("vision/bo", "2-read.ipynb");
    const output = await runAll(lab, "2-read.ipynb", /PERMISSION_DENIED|may write|Error/);
    assert.match(output, /version \d+ says \d+/);
    assert.match(
      output,
      /bo@acme\.example may not POST .*experiments\/create.*the persona of this role isn't granted it/,
    );
  });
});
