import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Persona } from "../authorizer/catalogue/personas.ts";
import type { Door } from "../authorizer/catalogue/types.ts";
import { readConfiguration } from "../plan/configuration.ts";
import { authorizerArchive, restApis } from "../plan/documents.ts";
import type { Plan } from "../plan/plan.ts";
import { runProgram } from "../plan/runProgram.ts";
import { type Control, controlHandler, localCredentials } from "./control.ts";
import { DataFolder } from "./dataFolder.ts";
import { createGateway, GATEWAY_SERVER_OPTIONS, type GatewayLogRecord, loadAuthorizer } from "./gateway/index.ts";
import { createIssuer, type LocalUser } from "./issuer/index.ts";
import { accessSetting, type Container, mlflowContainer } from "./mlflowContainer.ts";
import { type MlflowProcess, startMlflow } from "./mlflowProcess.ts";
import { localUsers, type Profile, profilesOf } from "./people.ts";
import { type Listening, listen, listenOnSocket, refuseBusyPorts } from "./servers.ts";
import { createSts, type StsLogRecord } from "./sts/index.ts";

export interface LocalRunOptions {
  /** The program's folder. */
  readonly dir: string;
  /** Central stack. */
  readonly central: string;
  /** Consumer stacks. */
  readonly consumers: readonly string[];
  /** First of four ports in a row: code door, browser door, user pool, STS. 0 takes free ones. */
  readonly port: number;
  readonly data: string;
  /** Folder of the Python environment. */
  readonly venv: string;
  readonly lenientSigv4?: boolean;
  /** SQLAlchemy URL of a PostgreSQL database; default SQLite in the data folder. */
  readonly postgres?: string | undefined;
  readonly log?: (record: GatewayLogRecord | StsLogRecord) => void;
  /** Ends a start that is under way; `startLocalRun` rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Told as each part comes up. */
  readonly progress?: (part: string) => void;
}

/** Code door, browser door, user pool, STS. */
const PORTS = 4;

export interface LocalRun extends Control {
  readonly urls: {
    /** With the stage: `MLFLOW_TRACKING_URI`. */
    readonly code: string;
    readonly browser: string;
    readonly userPool: string;
    readonly sts: string;
    /** MLflow itself, which refuses whoever is not the gateway. */
    readonly mlflow: string;
  };
  readonly region: string;
  readonly plans: { readonly central: Plan; readonly consumers: readonly Plan[] };
  readonly personas: readonly Persona[];
  readonly profiles: readonly Profile[];
  readonly users: readonly LocalUser[];
  readonly clientId: string;
  /** Resolves when MLflow ends by itself. */
  readonly ended: Promise<number | null>;
  readonly stop: () => Promise<void>;
}

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
  return openDoors({ options, data, closers, stop, central, consumers, container, mlflow });
}

/** What differs from AWS. */
function overrides(data: DataFolder, options: LocalRunOptions): Readonly<Record<string, string | undefined>> {
  return {
    GATEHOUSE_DATABASE: options.postgres ?? `sqlite:///${join(data.directory("mlflow"), "mlflow.db")}`,
    GATEHOUSE_DATABASE_SECRET_ARN: undefined,
    GATEHOUSE_ARTIFACTS: data.directory("artifacts"),
  };
}

interface Parts {
  readonly options: LocalRunOptions;
  readonly data: DataFolder;
  readonly closers: (() => Promise<unknown>)[];
  readonly stop: () => Promise<void>;
  readonly central: Plan;
  readonly consumers: readonly Plan[];
  readonly container: Container;
  readonly mlflow: MlflowProcess;
}

async function openDoors(parts: Parts): Promise<LocalRun> {
  const { options, data, closers, central, consumers, container, mlflow } = parts;
  const opened = async (server: Promise<Listening>) => {
    const listening = await server;
    closers.push(listening.close);
    return listening.url;
  };
  const port = (offset: number) => (options.port === 0 ? 0 : options.port + offset);
  const region = regionOf(options);
  const access = accessSetting(container);
  const personas = JSON.parse(authorizerArchive(central)["personas.json"]) as readonly Persona[];
  const profiles = consumers.flatMap(profilesOf);
  const users = localUsers(personas, profiles, access, (name) => password(data, name));

  const issuer = await createIssuer({
    plan: central,
    users,
    federatedGroups: Object.values(access.workspaces).flatMap((groups) => groups ?? []),
    directory: data.directory("user-pool"),
    allowPasswordFlow: true,
  });
  const log = options.log ?? (() => undefined);
  const sts = createSts({
    plans: [central, ...consumers],
    key: data.secret("sts"),
    region,
    organizations: organizations(options, [central, ...consumers]),
    log,
  });
  const apis = restApis(central);
  const authorizer = await loadAuthorizer({
    plan: central,
    api: apis.browser.id,
    directory: data.directory("functions"),
    fetchJwks: issuer.fetchJwks,
  });
  const open = async (door: Door, offset: number) => {
    const gateway = createGateway({
      plan: central,
      api: apis[door].id,
      door,
      upstream: new URL(mlflow.url),
      sts,
      authorizer,
      lenientSigv4: options.lenientSigv4 ?? false,
      personaOf: (role) => access.roles[role]?.persona,
      log,
    });
    closers.push(gateway.close);
    const url = await opened(listen(port(offset), (q, r) => void gateway.handle(q, r), GATEWAY_SERVER_OPTIONS));
    return `${url}/${gateway.stage}`;
  };
  const urls = {
    code: await open("code", 0),
    browser: await open("browser", 1),
    userPool: await opened(listen(port(2), (q, r) => void issuer.handle(q, r))),
    sts: await opened(listen(port(3), (q, r) => void sts.handle(q, r))),
    mlflow: mlflow.url,
  };
  const control: Control = {
    credentials: (request) => localCredentials({ sts, profiles, urls }, request),
    token: ({ as, seconds }) => issuer.tokenFor(as, seconds === undefined ? {} : { seconds }),
  };
  // A short path of its own: a socket's may not be longer than about 100 characters.
  const socketFolder = mkdtempSync(join(tmpdir(), "gatehouse-"));
  closers.push(async () => rmSync(socketFolder, { recursive: true, force: true }));
  const socket = await opened(
    listenOnSocket(
      join(socketFolder, `${randomBytes(4).toString("hex")}.sock`),
      (q, r) => void controlHandler(control)(q, r),
    ),
  );
  data.noteRun({ pid: process.pid, mlflowPid: mlflow.pid, socket });
  const [clientId = ""] = issuer.clientIds;
  const plans = { central, consumers };
  return {
    ...control,
    urls,
    region,
    plans,
    personas,
    profiles,
    users,
    clientId,
    ended: mlflow.ended,
    stop: parts.stop,
  };
}

function regionOf(options: LocalRunOptions): string {
  return readConfiguration(options.dir, options.central).values["aws:region"] ?? "us-east-1";
}

/** All accounts of the run are in the organization that the central stack's settings name. */
function organizations(options: LocalRunOptions, plans: readonly Plan[]): Readonly<Record<string, string>> {
  const { project, values } = readConfiguration(options.dir, options.central);
  const organization = values[`${project}:organization`];
  if (organization === undefined) return {};
  return Object.fromEntries(
    plans.flatMap(({ stack }) => {
      const account = readConfiguration(options.dir, stack).values[`${project}:account`];
      return account === undefined ? [] : [[account, organization] as const];
    }),
  );
}

/** Meets the usual password policies; the same in every run on this data folder. */
function password(data: DataFolder, name: string): string {
  return `${data.secret(`password of ${name}`).toString("base64url").replaceAll(/[-_]/g, "x").slice(0, 16)}-Aa1`;
}
