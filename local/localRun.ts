import { join } from "node:path";
import { runProgram } from "../plan/runProgram.ts";
import { DataFolder } from "./dataFolder.ts";
import { openDoors } from "./doors.ts";
import type { LocalRun, LocalRunOptions } from "./localRunTypes.ts";
import { mlflowContainer } from "./mlflowContainer.ts";
import { startMlflow } from "./mlflowProcess.ts";
import { refuseBusyPorts } from "./servers.ts";

export type { LocalRun, LocalRunOptions } from "./localRunTypes.ts";

/** Code door, browser door, user pool, STS. */
const PORTS = 4;

/**
 * Gives each thing that the stacks declare its real part on this machine, and says where.
 *
 * @throws the error of whichever part can't start; the others are ended before
 */
export async function startLocalRun(options: LocalRunOptions): Promise<LocalRun> {
  const data = new DataFolder(options.data);
  data.refuseSecondRun();
  data.endOrphan();
  if (options.port !== 0) await refuseBusyPorts(options.port, PORTS);
  data.noteRun({ pid: process.pid, mlflowPid: null, socket: null });
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    // The doors first, then what stands behind them.
    for (const close of closers.reverse().splice(0)) await close();
    data.forgetRun();
  };
  try {
    return await start(options, data, closers, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: LocalRunOptions,
  data: DataFolder,
  closers: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<LocalRun> {
  const progress = options.progress ?? (() => undefined);
  const seed = data.secret("program").toString("hex");
  const central = await runProgram({ dir: options.dir, stack: options.central, seed });
  progress(`${options.central}: ${central.resources.length} resources declared`);

  const container = mlflowContainer(central);
  // The slowest part starts first; the rest comes up beside it.
  const mlflowStarting = startMlflow({
    container,
    venv: options.venv,
    overrides: overrides(data, options),
    logFile: data.file("mlflow.log"),
    spawned: (mlflowPid) => data.noteRun({ pid: process.pid, mlflowPid, socket: null }),
    signal: options.signal,
  });
  const mlflowStarted = mlflowStarting.then((mlflow) => {
    closers.unshift(mlflow.stop);
    progress("MLflow answers");
    return mlflow;
  });
  const consumersPlanned = Promise.all(
    options.consumers.map(async (stack) => {
      const outputs = { [options.central]: central.outputs };
      const plan = await runProgram({ dir: options.dir, stack, seed, stackOutputs: outputs });
      progress(`${stack}: ${plan.resources.length} resources declared`);
      return plan;
    }),
  );
  // Whichever fails: what has started must be known before it can be ended.
  const [started, planned] = await Promise.allSettled([mlflowStarted, consumersPlanned]);
  if (planned.status === "rejected") throw planned.reason;
  if (started.status === "rejected") throw started.reason;
  const [mlflow, consumers] = [started.value, planned.value];
  const opened = await openDoors({ options, data, closers, central, consumers, container, mlflow });
  return { ...opened, ended: mlflow.ended, stop };
}

/** What differs from AWS. */
function overrides(data: DataFolder, options: LocalRunOptions): Readonly<Record<string, string | undefined>> {
  return {
    GATEHOUSE_DATABASE: options.postgres ?? `sqlite:///${join(data.directory("mlflow"), "mlflow.db")}`,
    GATEHOUSE_DATABASE_SECRET_ARN: undefined,
    GATEHOUSE_ARTIFACTS: data.directory("artifacts"),
  };
}
