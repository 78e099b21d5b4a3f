import type { ServerResponse } from "node:http";
import type { JobStore } from "../jobs/store.ts";
import { isOver, type JobEvent } from "../jobs/types.ts";

/** Milliseconds; proxies cut connections on which nothing moves for a minute. */
const STILL_THERE = 20_000;

/** Bytes that may wait for a reader who doesn't read. Who is cut off goes on with Last-Event-ID. */
const MOST_WAITING = 1 << 20;

export interface Reader {
  /** The last event that he has. */
  readonly after: number;
  /** Unix milliseconds at which what he showed ends. */
  readonly until: number;
}

/** Sends what happened after an event and what happens from now on, until the job is over, the reader goes, or his token ends. */
export function sendEvents(store: JobStore, job: string, { after, until }: Reader, response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  // A job of which nothing is said yet is followed, too.
  response.flushHeaders();
  let last = after;
  const send = (event: JobEvent) => {
    if (event.sequence <= last || response.destroyed) return;
    last = event.sequence;
    response.write(`id: ${event.sequence}\ndata: ${JSON.stringify(event)}\n\n`);
    if (response.writableLength > MOST_WAITING) response.destroy();
  };
  const rest = () => {
    for (let some = store.events(job, last); some.length && !response.destroyed; some = store.events(job, last))
      some.forEach(send);
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
  const still = setInterval(() => {
    if (Date.now() >= until) response.end("event: expired\ndata: {}\n\n");
    else response.write(": still there\n\n");
  }, STILL_THERE);
  response.on("close", stop);
  rest();
  endWhenOver();
}
