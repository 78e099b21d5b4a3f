import type { Refused, SignedOut } from "../messages.ts";
import { askAhead, askedAhead, forgetAhead } from "./ahead.ts";
import { answerOf, nobody, strange, unreachable } from "./answer.ts";
import { forget, token } from "./token.ts";

declare const self: ServiceWorkerGlobalScope;

/** Headers that the gateway takes of a page; whatever else a browser adds would only make a preflight fail. Kept equal to the gateway's by a test. */
const SENT = ["accept", "content-type", "x-mlflow-client-version", "x-mlflow-experiment-id", "x-mlflow-workspace"];

/**
 * Answers that say how long they are fresh: artifacts. The next person in this browser must not get them from its cache. All others are never fresh, and a
 * request that forbids the cache would ask for a preflight each time, too: Chromium then doesn't use those answers either.
 */
const KEPT = /artifact/;

let apiUrl: Promise<string> | undefined;

/** Address of the `browser` door: asked for once in a worker's life. */
export function gateway(): Promise<string> {
  apiUrl ??= fetch("/gatehouse.json")
    .then((response) => response.json() as Promise<{ apiUrl: string }>)
    .then((config) => config.apiUrl.replace(/\/$/, ""));
  apiUrl.catch(() => {
    apiUrl = undefined;
  });
  return apiUrl;
}

/** A redirect would lead the token, or the person, somewhere else. */
const GUARDED = { mode: "cors", credentials: "omit", redirect: "error" } satisfies RequestInit;

/** Asks what MLflow's UI will ask first, for the person whose page just opened. */
export async function startAhead(): Promise<void> {
  const [target, bearer] = await Promise.all([gateway(), token()]);
  if (bearer === undefined) return;
  await askAhead(bearer, (path) =>
    fetch(`${target}${path}`, { ...GUARDED, headers: { authorization: `Bearer ${bearer}` } }),
  );
}

/** Sends a request of a page to the gateway, under the person's token, and gives the answer back. */
export async function forward(event: FetchEvent, url: URL): Promise<Response> {
  const { request } = event;
  const page = event.clientId || event.resultingClientId;
  const isNavigation = request.mode === "navigate";
  // MLflow's UI sends no forms. Another site's page does, to act as the person who happens to look at it.
  if (isNavigation && request.method !== "GET") return strange();
  try {
    const [target, first, body] = await Promise.all([
      gateway(),
      token(),
      // A stream as body would need HTTP/2 and one that can be sent again.
      ["GET", "HEAD"].includes(request.method) ? undefined : request.blob(),
    ]);
    const send = (bearer: string) =>
      fetch(`${target}${url.pathname}${url.search}`, {
        ...GUARDED,
        method: request.method,
        headers: headersOf(request, bearer),
        ...(body === undefined ? {} : { body }),
        cache: KEPT.test(url.pathname) ? "no-store" : "default",
        signal: request.signal,
      });
    let bearer = first;
    let response =
      bearer === undefined ? undefined : ((await askedAhead(request, url, bearer)) ?? (await send(bearer)));
    if (response?.status === 401) {
      bearer = await token(bearer);
      response = bearer === undefined ? undefined : await send(bearer);
    }
    if (response === undefined || response.status === 401) {
      forget();
      forgetAhead();
      await tellAll({ type: "signed-out" });
      return isNavigation ? backToShell(url) : nobody();
    }
    if (response.status === 403) event.waitUntil(tellRefusal(page, request.method, url.pathname, response.clone()));
    return answerOf(response, isNavigation);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return unreachable();
  }
}

/** An empty workspace, which MLflow's UI sends when it asks for all of them, is none. */
function headersOf(request: Request, bearer: string): Headers {
  const headers = new Headers({ authorization: `Bearer ${bearer}` });
  for (const name of SENT) {
    const value = request.headers.get(name);
    if (value) headers.set(name, value);
  }
  return headers;
}

/** A link to an artifact, opened without a login: the shell logs in, then comes back. */
function backToShell(url: URL): Response {
  return Response.redirect(`/?open=${encodeURIComponent(`${url.pathname}${url.search}`)}`, 302);
}

async function tellRefusal(page: string, method: string, path: string, response: Response): Promise<void> {
  const text = await response.text();
  let message = "";
  try {
    const said = JSON.parse(text) as { message?: unknown };
    if (typeof said.message === "string") message = said.message;
  } catch {
    message = text.slice(0, 200);
  }
  const client = await self.clients.get(page);
  client?.postMessage({ type: "refused", method, path, message } satisfies Refused);
}

async function tellAll(message: SignedOut): Promise<void> {
  for (const page of await self.clients.matchAll({ type: "window", includeUncontrolled: true }))
    page.postMessage(message);
}
