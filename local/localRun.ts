import { join } from "node:path";
import { runProgram } from "../plan/runProgram.ts";
import { administratorKey, readerEnvironment, readerKey } from "./administration.ts";
import { type ArtifactStore, startArtifactStore } from "./artifactStore/index.ts";
import { DataFolder } from "./dataFolder.ts";
import { openDoors, regionOf } from "./doors.ts";
import { createDynamo } from "./dynamo/index.ts";
import type { LocalRun, LocalRunOptions } from "./localRunTypes.ts";
import { type Container, mlflowContainer } from "./mlflowContainer.ts";
import { startMlflow } from "./mlflowProcess.ts";
import { listen, refuseBusyPorts } from "./servers.ts";
import { openSite } from "./ui/index.ts";

export type { LocalRun, LocalRunOptions } from "./localRunTypes.ts";

/** Code door, browser door, user pool, STS, web UI. */
const PORTS = 5;

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

  // Its address first: both doors and MLflow take calls of this origin alone.
  const ui = options.ui && (await openSite(options.ui, options.port === 0 ? 0 : options.port + PORTS - 1));
  if (ui) closers.push(ui.close);
  const declaredContainer = mlflowContainer(central);
  const container = ui ? withUiOrigins(declaredContainer, ui.url) : declaredContainer;
  const region = regionOf(options);
  const tables = createDynamo({
    plan: central,
    region,
    directory: data.directory("tables"),
    administrator: administratorKey(data),
    reader: readerKey(data),
  });
  const listening = await listen(0, (request, response) => void tables.handle(request, response));
  closers.push(listening.close);
  const reader = readerEnvironment(data, region, listening.url);
  const artifacts = options.s3
    ? await startArtifactStore({
        plan: central,
        container,
        region,
        directory: data.directory("s3"),
        venv: options.venv,
        logFile: data.file("s3.log"),
        key: readerKey(data),
      })
    : undefined;
  if (artifacts) closers.push(artifacts.close);
  // The slowest part starts first; the rest comes up beside it.
  const mlflowStarting = startMlflow({
    container,
    venv: options.venv,
    overrides: { ...reader, ...overrides(data, options, artifacts) },
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
  const opened = await openDoors({
    reader,
    tablesUrl: listening.url,
    ui,
    options,
    data,
    closers,
    central,
    consumers,
    container,
    mlflow,
  });
  const store = artifacts ? { url: artifacts.url, bucket: artifacts.bucket } : null;
  return { ...opened, artifacts: store, ended: mlflow.ended, stop };
}

/** MLflow takes writes from the UI's origin on this machine in place of the declared one. */
function withUiOrigins(container: Container, origin: string): Container {
  return { ...container, environment: { ...container.environment, MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: origin } };
}

/** What differs from AWS. */
function overrides(
  data: DataFolder,
  options: LocalRunOptions,
  artifacts: ArtifactStore | undefined,
): Readonly<Record<string, string | undefined>> {
  return {
    GATEHOUSE_DATABASE: options.postgres ?? `sqlite:///${join(data.directory("mlflow"), "mlflow.db")}`,
    GATEHOUSE_DATABASE_SECRET_ARN: undefined,
    GATEHOUSE_DATABASE_IAM: undefined,
    // Its port is the same on every machine; two runs would want it.
    GATEHOUSE_METRICS_PORT: undefined,
    // One process: it migrates before it serves.
    GATEHOUSE_MIGRATE: undefined,
    // With a bucket, the declared address holds.
    ...(artifacts?.environment ?? { GATEHOUSE_ARTIFACTS: data.directory("artifacts") }),
  };
}
