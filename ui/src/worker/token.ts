import type { Asked, Token, TokenQuestion } from "../messages.ts";

declare const self: ServiceWorkerGlobalScope;

/** A token with fewer seconds left is not used any more: the clocks of two machines differ. */
const MARGIN = 20;
/** In which a page refreshes its token. */
const PATIENCE_MS = 15_000;
/** In which a page with our shell says that it was asked; a file in a tab of its own never does. */
const ASKED_MS = 2_000;

let kept: Token | undefined;
let asking: Promise<Token | undefined> | undefined;

export function keep(token: Token): void {
  kept = token;
}

export function forget(): void {
  kept = undefined;
}

/**
 * The person's token. A worker that the browser ended has lost it and asks the pages again, which alone keep the session.
 *
 * @param refused token that the gateway has just refused
 */
export async function token(refused?: string): Promise<string | undefined> {
  if (kept && kept.token !== refused && kept.expires - MARGIN > Date.now() / 1000) return kept.token;
  asking ??= ask(refused).finally(() => {
    asking = undefined;
  });
  kept = await asking;
  return kept?.token === refused ? undefined : kept?.token;
}

/** The first page that has one wins; a page in the background may be frozen. */
async function ask(refused?: string): Promise<Token | undefined> {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const answers = pages.map((page) => askPage(page, { type: "token", refused }));
  return Promise.any(answers).catch(() => undefined);
}

function askPage(page: Client, question: TokenQuestion): Promise<Token> {
  return new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    const until = (milliseconds: number) =>
      setTimeout(() => reject(new Error("the page does not answer")), milliseconds);
    let timer = until(ASKED_MS);
    port1.onmessage = ({ data }: MessageEvent<Asked | Token | null>) => {
      clearTimeout(timer);
      if (data && "type" in data) {
        timer = until(PATIENCE_MS);
        return;
      }
      port1.close();
      if (data) resolve(data);
      else reject(new Error("the page has no session"));
    };
    page.postMessage(question, [port2]);
  });
}
