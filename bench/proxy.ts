import { mkdirSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { groupCpu, startGroup, until, withFolder } from "./processes.ts";
import { megabytes, millis, progress, type Report, times } from "./report.ts";
import { ROOT } from "./root.ts";
import { median } from "./statistics.ts";

const ROUNDS = 5;
const REQUESTS = 200;
const DOWNLOADS = 6;
const BARS = { addedMs: 3, share: 0.6 };

/** Where a request goes: a port, or the proxy's socket. */
type To = { readonly port: number } | { readonly socketPath: string };

/** What the signing proxy in JupyterLab adds to a request, and how fast it streams, against the same server asked directly. */
export function benchmark(): Promise<readonly Report[]> {
  return withFolder(async (folder, starts) => {
    const upstream = starts(
      startGroup({
        file: process.execPath,
        args: [join(import.meta.dirname, "servers/upstream.mjs")],
        cwd: ROOT,
        env: process.env,
        log: join(folder, "upstream.log"),
      }),
    );
    const port = await until(upstream, () => Number(/^\d+$/m.exec(upstream.output())?.[0]) || undefined);
    const sockets = join(folder, "sockets");
    mkdirSync(sockets, { mode: 0o700 });
    const socketPath = join(sockets, "proxy.sock");
    const proxy = starts(
      startGroup({
        file: join(ROOT, ".venv/bin/python"),
        args: ["-m", "mlflow_gatehouse", "proxy", "--socket", socketPath],
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          AWS_ACCESS_KEY_ID: "ASIAEXAMPLE",
          AWS_SECRET_ACCESS_KEY: "of the benchmark",
          AWS_SESSION_TOKEN: "a".repeat(800),
          AWS_REGION: "eu-west-1",
          MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}/prod`,
        },
        log: join(folder, "proxy.log"),
      }),
    );
    const [direct, proxied]: [To, To] = [{ port }, { socketPath }];
    await until(proxy, () =>
      send(proxied, "small").then(
        () => true,
        () => undefined,
      ),
    );

    const cpuBefore = groupCpu(proxy.pid);
    const taken: Record<"direct" | "proxied", number[]> = { direct: [], proxied: [] };
    const speed: Record<"direct" | "proxied", number[]> = { direct: [], proxied: [] };
    for (let round = 0; round < ROUNDS; round++) {
      progress(`round ${round + 1} of ${ROUNDS}`);
      for (const [name, to] of [
        ["direct", direct],
        ["proxied", proxied],
      ] as const)
        for (let sent = 0; sent < REQUESTS; sent++) taken[name].push((await send(to, "small")).ms);
    }
    const cpu = (groupCpu(proxy.pid) - cpuBefore) / (ROUNDS * REQUESTS);
    for (let round = 0; round < DOWNLOADS; round++)
      for (const [name, to] of [
        ["direct", direct],
        ["proxied", proxied],
      ] as const) {
        const { bytes, ms } = await send(to, "large");
        speed[name].push((bytes / ms) * 1000);
      }
    return [report(taken, speed, cpu)];
  });
}

function report(taken: Readonly<Record<"direct" | "proxied", number[]>>, speed: typeof taken, cpu: number): Report {
  const added = median(taken.proxied) - median(taken.direct);
  const share = fastest(speed.proxied) / fastest(speed.direct);
  const perSecond = (bytes: number) => `${megabytes(bytes)}/s`;
  return {
    title: `MLflow's tab in JupyterLab: the signing proxy (${ROUNDS * REQUESTS} requests one at a time, the fastest of ${DOWNLOADS} downloads of 200 MB)`,
    figures: [
      {
        what: "latency of a request",
        ratio: times(median(taken.proxied) / median(taken.direct)),
        against: "the same server asked directly",
        absolute: `+${millis(added)} median (directly ${millis(median(taken.direct))})`,
      },
      {
        what: "speed of a download",
        ratio: times(share),
        against: "the same server asked directly",
        absolute: `${perSecond(fastest(speed.proxied))} (directly ${perSecond(fastest(speed.direct))})`,
      },
    ],
    notes: [`CPU of the proxy for a request: ${millis(cpu)}`],
    bars: [
      { what: `the proxy adds less than ${BARS.addedMs} ms (median)`, holds: added < BARS.addedMs },
      { what: `it streams 200 MB at more than ${BARS.share * 100} % of the direct speed`, holds: share > BARS.share },
    ],
  };
}

/** What else the machine does can only slow a download down. */
const fastest = (speeds: readonly number[]) => Math.max(...speeds);

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function send(to: To, path: "small" | "large"): Promise<{ readonly bytes: number; readonly ms: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const read = (response: IncomingMessage) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve({ bytes, ms: performance.now() - began });
        else reject(new Error(`status ${response.statusCode ?? 0}`));
      });
    };
    request({ ...to, agent, path: `${"port" in to ? "/prod" : ""}/${path}` }, read)
      .on("error", reject)
      .end();
  });
}
