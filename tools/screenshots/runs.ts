import type { LocalRun } from "../../local/localRun.ts";

const RUNS = ["night shift", "day shift", "storm", "new gear", "two cranes", "quiet sunday"];

/** Something to look at: an experiment with a few runs, made through the browser door as the scientist. @returns its ID */
export async function makeRuns(run: LocalRun, person: string, workspace: string): Promise<string> {
  const token = await run.token({ as: person });
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${run.urls.browser}/ajax-api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-mlflow-workspace": workspace,
      },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const { experiment_id } = (await post("experiments/create", { name: "harbour cranes" })) as { experiment_id: string };
  const now = Date.now();
  for (const [index, run_name] of RUNS.entries()) {
    const start_time = now - (RUNS.length - index) * 3_600_000;
    const { run: made } = (await post("runs/create", { experiment_id, run_name, start_time })) as {
      readonly run: { readonly info: { readonly run_id: string } };
    };
    const { run_id } = made.info;
    await post("runs/log-batch", {
      run_id,
      metrics: Array.from({ length: 20 }, (_, step) => [
        { key: "loss", value: (1 + index / 6) / (step + 1.5), timestamp: start_time + step, step },
        { key: "accuracy", value: 1 - 0.6 / (step / 3 + 1 + index / 4), timestamp: start_time + step, step },
      ]).flat(),
      params: [
        { key: "cranes", value: String(3 + index) },
        { key: "learning_rate", value: (0.01 * (index + 1)).toFixed(2) },
      ],
    });
    await post("runs/update", { run_id, status: "FINISHED", end_time: start_time + 120_000 + 7_000 * index });
  }
  return experiment_id;
}
