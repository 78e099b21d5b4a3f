import { Pool } from "undici";

/** Somewhere to send the same search to. */
export interface Target {
  readonly origin: string;
  /** Of `runs/search`. */
  readonly path: string;
  readonly body: string;
  /** Headers of one request, made before its time is taken: what the client does is not the server's cost. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Process groups whose CPU time is looked at. */
  readonly groups: Readonly<Record<string, number>>;
}

/** Sends one call of MLflow's REST API. @throws when it isn't answered with 200 */
export async function call(
  pool: Pool,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<string> {
  const answer = await pool.request({
    method: "POST",
    path,
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${path} answers ${answer.statusCode}: ${text.slice(0, 500)}`);
  return text;
}

const RUNS = 10;

/** @throws when the search doesn't find what `fill` made: a server that finds nothing is no peer */
export async function checkFinds(name: string, target: Target): Promise<void> {
  const pool = new Pool(target.origin, { connections: 1 });
  const { runs = [] } = JSON.parse(await call(pool, target.path, await target.headers(), target.body)) as {
    readonly runs?: readonly unknown[];
  };
  await pool.close();
  if (runs.length !== RUNS) throw new Error(`${name} finds ${runs.length} runs of ${RUNS}`);
}

/** Makes an experiment with runs to find. @returns the body of the search for them */
export async function fill(origin: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const pool = new Pool(origin, { connections: 1 });
  const post = async (path: string, body: object) =>
    JSON.parse(await call(pool, `/api/2.0/mlflow/${path}`, headers, JSON.stringify(body))) as unknown;
  try {
    const { experiment_id } = (await post("experiments/create", { name: "bench" })) as {
      readonly experiment_id: string;
    };
    for (let i = 0; i < RUNS; i++) {
      const { run } = (await post("runs/create", { experiment_id, run_name: `run ${i}` })) as {
        readonly run: { readonly info: { readonly run_id: string } };
      };
      await post("runs/log-batch", {
        run_id: run.info.run_id,
        metrics: ["loss", "accuracy", "f1"].map((key) => ({ key, value: i / RUNS, timestamp: 1, step: 0 })),
        params: ["depth", "width", "rate"].map((key) => ({ key, value: String(i) })),
      });
    }
    return JSON.stringify({ experiment_ids: [experiment_id], max_results: 100 });
  } finally {
    await pool.close();
  }
}
