import { later } from "./later.ts";
import type { Asked, FromWorker, Refused, ToWorker } from "./messages.ts";
import { session } from "./session.ts";
import type { Session } from "./stored.ts";

interface Listeners {
  readonly refused: (refusal: Refused) => void;
  readonly signedOut: () => void;
}

/** Answers the worker, which keeps no session of its own. */
export function answerWorker(): void {
  navigator.serviceWorker.addEventListener("message", ({ data, ports }: MessageEvent<FromWorker>) => {
    if (data.type !== "token") return;
    ports[0]?.postMessage({ type: "asked" } satisfies Asked);
    void session(data.refused).then((found) =>
      ports[0]?.postMessage(found ? { token: found.token, expires: found.expires } : null),
    );
  });
  navigator.serviceWorker.startMessages();
}

export function onWorkerNews(listeners: Listeners): void {
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    if (data.type === "refused") listeners.refused(data);
    else if (data.type === "signed-out") listeners.signedOut();
  });
}

/**
 * Resolves when each request of this page goes through the worker.
 *
 * @throws Error with a sentence for people
 */
export async function underWorker(): Promise<void> {
  const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
  if (!serviceWorker)
    throw new Error(
      "this browser has no service workers here: use a current one, over HTTPS, outside of strict private modes",
    );
  const register = () => serviceWorker.register("/sw.js", { updateViaCache: "none" });
  if (serviceWorker.controller) {
    // Looks for a newer one.
    later(register);
    return;
  }
  await register();
  const { active } = await serviceWorker.ready;
  if (serviceWorker.controller) return;
  const controlled = new Promise<void>((resolve) =>
    serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true }),
  );
  // After a hard reload a page is nobody's, until the worker claims it.
  active?.postMessage({ type: "claim" } satisfies ToWorker);
  await controlled;
}

export function tellWorker(message: ToWorker): void {
  navigator.serviceWorker.controller?.postMessage(message);
}

export function handOver({ token, expires }: Session): void {
  tellWorker({ type: "session", token, expires });
}
