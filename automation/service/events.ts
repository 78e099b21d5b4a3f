import type { ServerResponse } from "node:http";
import type { JobStore } from "../jobs/store.ts";
import { isOver, type JobEvent } from "../jobs/types.ts";

/** Milliseconds; proxies cut connections on which nothing moves for a minute. */
const STILL_THERE = 20_000;

/** Sends what happened after an event and what happens from now on, until the job is over or the reader goes. */
export function sendEvents(store: JobStore, job: string, after: number, response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  let last = after;
  const send = (event: JobEvent) => {
    if (event.sequence <= last) return;
    last = event.sequence;
    response.write(`id: ${event.sequence}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const rest = () => {
    for (let some = store.events(job, last); some.length; some = store.events(job, last)) some.forEach(send);
  };
  const stop = () => {
    silence();
    clearInterval(still);
  };
  const endWhenOver = () => {
    const now = store.job(job);
    if (now && !isOver(now.state)) return;
    rest();
    response.end("event: over\ndata: {}\n\n");
    stop();
  };
  const silence = store.listen((event) => {
    if (event.job !== job) return;
    send(event);
    if (event.ordinal === null) endWhenOver();
  });
  const still = setInterval(() => response.write(": still there\n\n"), STILL_THERE);
  response.on("close", stop);
  rest();
  endWhenOver();
}
