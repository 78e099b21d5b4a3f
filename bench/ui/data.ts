import { Pool } from "undici";
import { call } from "../gateway/target.ts";

/** What is looked at in both UIs. */
export interface Shown {
  readonly experiment: string;
}

/** Names that no text of MLflow's UI contains. */
export const EXPERIMENT = "quay seven";
export const LAST_RUN = "crane 19";

/** Makes the same experiment with twenty runs in any MLflow. @param url with the stage, where there is one */
export async function makeData(url: string, headers: Readonly<Record<string, string>>): Promise<Shown> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: 1 });
  const post = async (path: string, body: object) => {
    const answer = await call(
      pool,
      `${pathname.replace(/\/$/, "")}/ajax-api/2.0/mlflow/${path}`,
      headers,
      JSON.stringify(body),
    );
    return JSON.parse(answer) as unknown;
  };
  try {
    const { experiment_id } = (await post("experiments/create", { name: EXPERIMENT })) as { experiment_id: string };
    for (let i = 0; i < 20; i++) {
      const start_time = Date.now();
      const { run } = (await post("runs/create", { experiment_id, run_name: `crane ${i}`, start_time })) as {
        readonly run: { readonly info: { readonly run_id: string } };
      };
      await post("runs/log-batch", {
        run_id: run.info.run_id,
        metrics: ["loss", "accuracy", "f1"].map((key) => ({ key, value: i / 20, timestamp: start_time, step: 0 })),
        params: ["depth", "width", "rate"].map((key) => ({ key, value: String(i) })),
      });
      await post("runs/update", { run_id: run.info.run_id, status: "FINISHED", end_time: start_time + 1000 });
    }
    return { experiment: experiment_id };
  } finally {
    await pool.close();
  }
}
