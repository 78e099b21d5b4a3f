import { type BrowserContext, chromium } from "playwright-core";

const CHROMIUM = process.env.GATEHOUSE_CHROMIUM ?? "/usr/bin/chromium";

/** One person's browser, which may be closed and opened again. */
export interface Profile {
  readonly context: () => Promise<BrowserContext>;
  readonly restarted: () => Promise<BrowserContext>;
  readonly close: () => Promise<void>;
}

/** @param rules Chromium's host resolver rules: where each address really leads */
export function profile(folder: string, rules: readonly string[]): Profile {
  let opened: Promise<BrowserContext> | undefined;
  const context = () => {
    opened ??= chromium.launchPersistentContext(folder, {
      executablePath: CHROMIUM,
      args: ["--no-sandbox", `--host-resolver-rules=${rules.join(", ")}`],
    });
    return opened;
  };
  const close = async () => {
    // It may have ended by itself.
    await opened?.then((each) => each.close()).catch(() => undefined);
    opened = undefined;
  };
  return {
    context,
    close,
    restarted: async () => {
      await close();
      return context();
    },
  };
}
