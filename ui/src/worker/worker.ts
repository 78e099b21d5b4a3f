// Gives every request for MLflow's API the person's token and sends it to the gateway, and nothing else anywhere.
import type { ToWorker } from "../messages.ts";
import { forgetAhead } from "./ahead.ts";
import { forward, gateway, startAhead } from "./forward.ts";
import { isApi } from "./paths.ts";
import { forget, keep } from "./token.ts";

declare const self: ServiceWorkerGlobalScope;

self.addEventListener("install", (event) => {
  // Pages and files never need a token: where the browser can, they don't even wake the worker.
  const routable = event as ExtendableEvent & { addRoutes?: (rules: readonly object[]) => Promise<void> };
  const files = ["/", "/static-files/*", "/shell/*", "/gatehouse.json", "/needs.json"].map((pathname) => ({
    condition: { urlPattern: { pathname } },
    source: "network",
  }));
  event.waitUntil(Promise.all([self.skipWaiting(), routable.addRoutes?.(files)]));
});

// Whoever wakes the worker needs it next.
gateway().catch(() => undefined);

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const message = event.data as ToWorker;
  if (message.type === "claim") event.waitUntil(self.clients.claim());
  else if (message.type === "session") keep(message);
  else if (message.type === "opened") event.waitUntil(startAhead().catch(() => undefined));
  else if (message.type === "forget") {
    forget();
    forgetAhead();
  }
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin === self.location.origin && isApi(url.pathname)) event.respondWith(forward(event, url));
});
