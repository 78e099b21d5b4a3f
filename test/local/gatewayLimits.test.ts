import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { send } from "../helpers/serve.ts";
import { echo, echoOf, type Gateways, type HarnessOptions, startGateways } from "./gatewayHarness.ts";

const PATH = "/prod/api/2.0/mlflow/runs/get";

async function using(options: HarnessOptions, run: (g: Gateways) => Promise<void>): Promise<void> {
  const g = await startGateways(options);
  try {
    await run(g);
  } finally {
    await g.close();
  }
}

describe("local gateway, limits and streams", () => {
  it("takes a body of 10 MB and no more, declared or chunked", () =>
    using({}, async (g) => {
      const limit = 10 * 1024 * 1024;
      const call = (length: number) =>
        g.signed({ persona: "scientist", method: "PUT", path: "/prod/api/2.0/f", body: Buffer.alloc(length) });
      assert.equal(echoOf(await call(limit)).length, limit);
      const refused = await call(limit + 1);
      assert.deepEqual([refused.status, refused.json], [413, { message: "Request Too Long" }]);
      const chunked = await new Promise<IncomingMessage>((resolve, reject) => {
        const request = httpRequest(
          g.browser.origin + PATH,
          { method: "POST", headers: { authorization: "Bearer ada", "transfer-encoding": "chunked" } },
          resolve,
        );
        request.on("error", reject);
        request.end(Buffer.alloc(limit + 1));
      });
      assert.equal(chunked.statusCode, 413);
      chunked.destroy();
    }));

  it("holds no more bodies than memory is set aside for", () =>
    using({ settings: { limits: { bufferedBytes: 1000 } } }, async (g) => {
      const big = await g.bearer("ada", { method: "POST", path: PATH, body: "x".repeat(1001) });
      assert.deepEqual([big.status, big.json], [429, { message: "Too Many Requests" }]);
      for (let i = 0; i < 3; i++)
        assert.equal((await g.bearer("ada", { method: "POST", path: PATH, body: "x".repeat(900) })).status, 200);
    }));

  it("throttles as the stage declares", async () => {
    let time = Date.now();
    await using({ browser: { throttle: { rate: 2, burst: 3 } }, now: () => time }, async (g) => {
      const statuses = async (count: number) => {
        const seen: number[] = [];
        for (let i = 0; i < count; i++) seen.push((await g.bearer("ada", { path: PATH })).status);
        return seen;
      };
      assert.deepEqual(await statuses(5), [200, 200, 200, 429, 429]);
      time += 1000;
      assert.deepEqual(await statuses(3), [200, 200, 429]);
    });
  });

  it("streams the answer as it comes", () => {
    const parts: ServerResponse[] = [];
    const upstream = (_: IncomingMessage, response: ServerResponse) => {
      response.write("first");
      parts.push(response);
    };
    return using({ upstream }, async (g) => {
      const request = httpRequest(g.browser.origin + PATH, { headers: { authorization: "Bearer ada" } }).end();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      const seen: string[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) {
        seen.push(String(chunk));
        // The second part is sent only when the first has arrived.
        if (seen.length === 1) parts[0]?.end("second");
      }
      assert.deepEqual(seen, ["first", "second"]);
    });
  });

  it("tells the upstream when the client leaves, before and while it answers", () => {
    const closed: Promise<unknown>[] = [];
    const upstream = (request: IncomingMessage, response: ServerResponse) => {
      closed.push(once(response, "close"));
      if (request.url?.endsWith("/get")) response.write("begin");
      request.resume();
      started.resolve(undefined);
    };
    let started = Promise.withResolvers<undefined>();
    return using({ upstream }, async (g) => {
      for (const path of [PATH, `${PATH}?slow`]) {
        started = Promise.withResolvers();
        const request = httpRequest(g.browser.origin + path, { headers: { authorization: "Bearer ada" } }).end();
        request.on("error", () => undefined);
        await started.promise;
        if (path === PATH) await once(request, "response");
        request.destroy();
        await closed.at(-1);
      }
      assert.equal(closed.length, 2);
    });
  });

  it("answers for an upstream that is slow, or gone", () =>
    using({ upstream: () => undefined, browser: { timeoutMilliseconds: 60 } }, async (g) => {
      const slow = await g.bearer("ada", { path: PATH });
      assert.deepEqual([slow.status, slow.json], [504, { message: "Endpoint request timed out" }]);
      await g.upstream.close();
      const gone = await g.bearer("ada", { path: PATH });
      assert.deepEqual([gone.status, gone.json], [502, { message: "Internal server error" }]);
      assert.match(g.records.at(-1)?.reason ?? "", /can't be reached: ECONNREFUSED/);
      assert.equal(g.records.at(-1)?.decision, "allow");
    }));

  it("ends the answer where the upstream breaks off", () => {
    const upstream = (_: IncomingMessage, response: ServerResponse) => {
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    };
    return using({ upstream }, async (g) => {
      await assert.rejects(g.bearer("ada", { path: PATH }));
      assert.equal((await send(g.browser.origin, { path: "/" })).status, 403);
    });
  });

  it("serves many at once", () =>
    using({ upstream: echo }, async (g) => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          g.bearer(`u${i % 5}`, { method: "POST", path: "/prod/api/2.0/x", body: "y".repeat(i) }),
        ),
      );
      answers.forEach((answer, i) => {
        assert.deepEqual(
          [echoOf(answer).length, echoOf(answer).headers["x-gatehouse-assertion"]],
          [i, `signed.u${i % 5}`],
        );
      });
    }));
});
