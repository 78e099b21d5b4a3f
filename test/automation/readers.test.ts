import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { JobStore } from "../../automation/jobs/store.ts";
import { sendEvents } from "../../automation/service/events.ts";
import { BusyError, turnsOf } from "../../automation/service/turns.ts";
import { serve } from "../helpers/serve.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

describe("who follows a job", () => {
  const withJob = async (reader: { readonly after: number; readonly until: number }) => {
    const store = await JobStore.open(temporaryFolder());
    const { id } = store.create({ kind: "deploy", only: [] }, [], "ada");
    const { origin, close } = await serve((_, response) => sendEvents(store, id, reader, response));
    return { store, id, port: Number(new URL(origin).port), close };
  };

  it("is cut off when he doesn't read, instead of filling the memory", async () => {
    const { store, id, port, close } = await withJob({ after: 0, until: Number.POSITIVE_INFINITY });
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "readable");
    // More than sockets of the system take.
    const text = "x".repeat(4_000_000);
    for (let i = 0; i < 8; i++) {
      store.say(id, 0, text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    let [bytes, said] = [0, ""];
    socket
      .on("error", () => undefined)
      .on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        said = chunk.toString("latin1").slice(-40);
      });
    await once(socket, "close");
    assert.ok(bytes < 8 * text.length, String(bytes));
    assert.doesNotMatch(said, /event: over/);
    store.close();
    await close();
  });

  it("gets what he has missed, and all of it before the end", async () => {
    const { store, id, port, close } = await withJob({ after: 1, until: Number.POSITIVE_INFINITY });
    for (const text of ["one", "two", "three"]) store.say(id, 0, text);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    store.finish(id, "done");
    const said = [...(await response.text()).matchAll(/"text":"([^"]*)"|^event: (\w+)$/gm)].map(([, a, b]) => a ?? b);
    assert.deepEqual(said, ["two", "three", "job done", "over"]);
    store.close();
    await close();
  });
});

describe("turns", () => {
  it("are given to so many at once, to others in their order, and refused when too many wait", async () => {
    const turn = turnsOf(2, 3);
    const ends: (() => void)[] = [];
    const begun: number[] = [];
    const work = (i: number) => () =>
      new Promise<number>((resolve) => {
        begun.push(i);
        ends.push(() => resolve(i));
      });
    const all = [0, 1, 2, 3, 4].map((i) => turn(work(i)));
    await assert.rejects(turn(work(5)), BusyError);
    assert.deepEqual(begun, [0, 1]);
    for (let i = 0; i < 5; i++) {
      ends[i]?.();
      await all[i];
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
    // One that fails gives its turn back.
    await assert.rejects(turn(() => Promise.reject(new Error("no"))));
    assert.equal(await turn(() => Promise.resolve(7)), 7);
  });
});
