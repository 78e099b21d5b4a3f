import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page, type Request } from "playwright-core";
import { type LocalRun, type LocalRunOptions, startLocalRun } from "../../local/localRun.ts";
import { buildUi } from "../../tools/ui/build.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Debian's Chromium, or another named in GATEHOUSE_CHROMIUM. */
export const CHROMIUM = process.env.GATEHOUSE_CHROMIUM ?? "/usr/bin/chromium";

/** The declared stacks on this machine with the web UI, and a real browser. */
export interface Site {
  readonly run: LocalRun;
  readonly browser: Browser;
  readonly ui: string;
  /** Its data folder. */
  readonly data: string;
  readonly close: () => Promise<void>;
}

/** @param change what differs from the declared stacks as they are */
export async function openSite(change: Partial<LocalRunOptions> = {}): Promise<Site> {
  await buildUi(ROOT);
  const data = mkdtempSync(join(tmpdir(), "gatehouse-ui-"));
  const run = await startLocalRun({
    dir: ROOT,
    central: "central",
    consumers: ["datascience"],
    port: 0,
    data,
    venv: join(ROOT, ".venv"),
    ui: { folder: join(ROOT, "ui/dist"), headersFile: join(ROOT, "ui/headers.json") },
    ...change,
  });
  const removed = () => rmSync(data, { recursive: true, force: true });
  try {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    const close = async () => {
      await browser.close();
      await run.stop();
      removed();
    };
    return { run, browser, data, ui: run.urls.ui ?? assert.fail("no UI is served"), close };
  } catch (error) {
    await run.stop();
    removed();
    throw error;
  }
}

/** Skips with a sentence where there is no browser. */
export function needsChromium(context: Mocha.Context): void {
  if (existsSync(CHROMIUM)) return;
  console.log(`      no Chromium at ${CHROMIUM}: install Debian's \`chromium\`, or name one in GATEHOUSE_CHROMIUM`);
  context.skip();
}

/** What a browser did that nobody may do, collected while it is used. */
export class Watched {
  readonly problems: string[] = [];
  readonly calls: Request[] = [];
  readonly context: BrowserContext;

  constructor(site: Site, context: BrowserContext) {
    this.context = context;
    const api = new URL(site.run.urls.browser).origin;
    const allowed = new Set([api, site.ui, site.run.urls.userPool]);
    context.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol === "data:" || protocol === "blob:") return;
      const bearer = request.headers().authorization;
      if (!allowed.has(origin)) this.problems.push(`a request left to ${request.url()}`);
      if (bearer !== undefined && origin !== api) this.problems.push(`a token went to ${request.url()}`);
      if (origin !== api || request.method() === "OPTIONS") return;
      this.calls.push(request);
      if (!bearer?.startsWith("Bearer ")) this.problems.push(`no token: ${request.method()} ${request.url()}`);
    });
    context.on("console", (message) => {
      if (message.type() === "error") this.problems.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.problems.push(`error: ${error.error().message}`));
  }
}

export function userOf(run: LocalRun, persona: string) {
  const group = run.personas.find(({ name }) => name === persona)?.group ?? assert.fail(persona);
  return run.users.find(({ groups }) => groups.includes(group)) ?? assert.fail(persona);
}

/** Logs in by the form that is on the page. */
export async function logIn(page: Page, { name, password }: { readonly name: string; readonly password: string }) {
  await page.locator('input[name="username"]').fill(name);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('button[type="submit"]').click();
}

/** The bar shows who is logged in, MLflow's page is there. */
export async function opened(page: Page, person: string): Promise<void> {
  await page.locator("gatehouse-bar .person", { hasText: person }).waitFor();
  await page.locator("#root > *").first().waitFor();
}
