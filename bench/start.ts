import { join } from "node:path";
import { groupMemory, memory, withFolder } from "./processes.ts";
import { type Figure, megabytes, progress, type Report, seconds, times } from "./report.ts";
import { startGatehouse } from "./servers/gatehouse.ts";
import { startStockMlflow } from "./servers/stockMlflow.ts";
import { median } from "./statistics.ts";

const ROUNDS = 3;
const BARS = { emptySeconds: 20, existingSeconds: 15 };

interface Start {
  readonly seconds: number;
  /** Resident bytes of MLflow's processes together. */
  readonly mlflow: number;
  readonly gateway?: number;
}

/** How long `gatehouse start` takes until everything answers, against stock `mlflow server` on the same machine. */
export function benchmark(): Promise<readonly Report[]> {
  return withFolder(async (folder, starts) => {
    const gatehouse = async (data: string): Promise<Start> => {
      const run = await startGatehouse(join(folder, data), starts);
      const measured = { mlflow: groupMemory(run.mlflowPid), gateway: memory(run.pid).now };
      await run.stop();
      return { seconds: run.seconds, ...measured };
    };
    const stock = async (data: string): Promise<Start> => {
      const server = await startStockMlflow(join(folder, data), starts);
      const mlflow = groupMemory(server.pid);
      await server.stop();
      return { seconds: server.seconds, mlflow };
    };
    const all: Record<"ours" | "oursAgain" | "stock" | "stockAgain", Start[]> = {
      ours: [],
      oursAgain: [],
      stock: [],
      stockAgain: [],
    };
    for (let round = 0; round < ROUNDS; round++) {
      progress(`round ${round + 1} of ${ROUNDS}`);
      all.ours.push(await gatehouse(`ours${round}`));
      all.stock.push(await stock(`stock${round}`));
      all.oursAgain.push(await gatehouse(`ours${round}`));
      all.stockAgain.push(await stock(`stock${round}`));
    }
    return [report(all)];
  });
}

function report(all: Readonly<Record<"ours" | "oursAgain" | "stock" | "stockAgain", readonly Start[]>>): Report {
  const time = (name: keyof typeof all) => median(all[name].map((start) => start.seconds));
  const mlflow = (name: keyof typeof all) => median(all[name].map((start) => start.mlflow));
  const figure = (what: string, name: "ours" | "oursAgain", base: "stock" | "stockAgain"): Figure => ({
    what,
    ratio: times(time(name) / time(base)),
    against: "stock `mlflow server`",
    absolute: `${seconds(time(name))} (stock ${seconds(time(base))})`,
  });
  return {
    title: `\`gatehouse start\` until "Ready" (${ROUNDS} rounds)`,
    figures: [
      figure("empty data folder", "ours", "stock"),
      figure("existing data folder", "oursAgain", "stockAgain"),
      {
        what: "memory of MLflow's processes (RSS, shared pages counted in each)",
        ratio: times(mlflow("oursAgain") / mlflow("stockAgain")),
        against: "stock `mlflow server`",
        absolute: `${megabytes(mlflow("oursAgain"))} (stock ${megabytes(mlflow("stockAgain"))})`,
      },
      {
        what: 'memory of the gateway\'s process at "Ready"',
        absolute: megabytes(median(all.oursAgain.map(({ gateway = 0 }) => gateway))),
      },
    ],
    bars: [
      { what: `an empty folder takes less than ${BARS.emptySeconds} s`, holds: time("ours") < BARS.emptySeconds },
      {
        what: `an existing folder takes less than ${BARS.existingSeconds} s`,
        holds: time("oursAgain") < BARS.existingSeconds,
      },
    ],
  };
}
