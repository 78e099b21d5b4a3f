import type { Profile } from "./profile.ts";

/** How a page comes up. */
export interface Visit {
  /** Milliseconds from the navigation until the text stands in the page. */
  readonly ms: number;
  /** What was loaded until then, from all origins. */
  readonly loaded: readonly Loaded[];
}

/** One file or answer. */
export interface Loaded {
  readonly url: string;
  /** Compressed, without headers. */
  readonly bytes: number;
  /** Milliseconds from the navigation. */
  readonly start: number;
  readonly end: number;
}

/** `cold`: the browser was just started and has nothing in its cache, no connection, no answer to a preflight, no running worker. `warm`: as after a visit a moment ago. */
export type State = "cold" | "warm";

/** Notes the moment at which a text first stands in the page: in an element added, or in one changed. */
const WATCH = (text: string) => `
  globalThis.seenAt = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(${JSON.stringify(`"${text}" didn't come up`)})), ${PATIENCE});
    const look = (node) => node.textContent?.includes(${JSON.stringify(text)}) && resolve(performance.now());
    const observer = new MutationObserver((records) => {
      for (const { type, target, addedNodes } of records)
        if (type === "characterData") look(target);
        else for (const node of addedNodes) if (node.nodeName !== "SCRIPT" && node.nodeName !== "STYLE") look(node);
    });
    observer.observe(document, { childList: true, subtree: true, characterData: true });
  });`;

const LOADED = `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(
  ({ name, encodedBodySize, startTime, responseEnd }) => ({ url: name, bytes: encodedBodySize, start: startTime, end: responseEnd }))`;

/** Milliseconds after which a text doesn't come any more. */
const PATIENCE = 60_000;

/** Milliseconds in which a browser or a tab just opened comes to rest. */
const SETTLE = 500;

/** Opens a page in a tab of its own and waits for a text. */
export async function visit(profile: Profile, url: string, text: string, state: State): Promise<Visit> {
  const context = state === "cold" ? await profile.restarted() : await profile.context();
  const page = await context.newPage();
  try {
    await page.addInitScript(WATCH(text));
    if (state === "cold") {
      const devtools = await context.newCDPSession(page);
      await devtools.send("Network.enable");
      await devtools.send("Network.clearBrowserCache");
      await devtools.detach();
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLE));
    await page.goto(url, { waitUntil: "commit" });
    const ms = await page.evaluate<number>("seenAt");
    return { ms, loaded: await page.evaluate<readonly Loaded[]>(LOADED) };
  } finally {
    await page.close();
  }
}
