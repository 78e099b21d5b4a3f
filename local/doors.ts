import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Persona } from "../authorizer/catalogue/personas.ts";
import type { Door } from "../authorizer/catalogue/types.ts";
import { readConfiguration } from "../plan/configuration.ts";
import { authorizerArchive, restApis } from "../plan/documents.ts";
import type { Plan } from "../plan/plan.ts";
import { administratorKey, mailFile } from "./administration.ts";
import { type Control, controlHandler, localCredentials } from "./control.ts";
import type { DataFolder } from "./dataFolder.ts";
import { createGateway, GATEWAY_SERVER_OPTIONS, loadAuthorizer } from "./gateway/index.ts";
import { createIssuer } from "./issuer/index.ts";
import { preTokenFunction } from "./issuer/preToken.ts";
import type { LocalRun, LocalRunOptions } from "./localRunTypes.ts";
import { type AccessSetting, accessSetting, type Container } from "./mlflowContainer.ts";
import type { MlflowProcess } from "./mlflowProcess.ts";
import { jobsOf, localUsers, profilesOf } from "./people.ts";
import { type Listening, listen, listenOnSocket } from "./servers.ts";
import { createSts } from "./sts/index.ts";
import type { OpenSite } from "./ui/index.ts";

interface Parts {
  readonly options: LocalRunOptions;
  readonly data: DataFolder;
  /** Where each part leaves how to end it; the last is ended first. */
  readonly closers: (() => Promise<unknown>)[];
  readonly central: Plan;
  readonly consumers: readonly Plan[];
  readonly container: Container;
  readonly mlflow: MlflowProcess;
  /** Environment with which a function reads the declared tables. */
  readonly reader: Readonly<Record<string, string>>;
  readonly tablesUrl: string;
  readonly ui: OpenSite | undefined;
}

/** Opens everything that callers meet, in front of a running MLflow: user pool, STS, both doors, and the socket for commands. */
export async function openDoors(parts: Parts): Promise<Omit<LocalRun, "artifacts" | "ended" | "stop">> {
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
  const jobs = consumers.flatMap(jobsOf);
  const users = localUsers(personas, profiles, access, (name) => password(data, name));

  const issuer = await createIssuer({
    plan: central,
    users,
    federatedGroups: Object.values(access.workspaces).flatMap((groups) => groups ?? []),
    directory: data.directory("user-pool"),
    allowPasswordFlow: true,
    administrator: administratorKey(data),
    deliver: mailFile(data, options.progress ?? (() => undefined)),
    preToken: await preTokenFunction(central, data.directory("functions")),
    hosted:
      options.loginOrigin === undefined
        ? undefined
        : { origin: options.loginOrigin, returnUrls: parts.ui ? [`${parts.ui.url}/`] : [] },
  });
  const log = options.log ?? (() => undefined);
  const sts = createSts({
    plans: [central, ...consumers],
    key: data.secret("sts"),
    region,
    organizations: organizations(options, [central, ...consumers]),
    webIdentities: options.webIdentities,
    log,
  });
  const apis = restApis(central);
  const authorizer = await loadAuthorizer({
    plan: central,
    api: apis.browser.id,
    directory: data.directory("functions"),
    environment: parts.reader,
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
      ...(parts.ui && door === "browser" ? { uiOrigin: parts.ui.url } : {}),
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
    ui: parts.ui?.url ?? null,
    mlflow: mlflow.url,
  };
  const [clientId = ""] = issuer.clientIds;
  parts.ui?.configure({
    configuration: {
      apiUrl: urls.browser,
      region,
      userPoolId: issuer.poolId,
      userPoolClientId: clientId,
      userPoolEndpoint: urls.userPool,
      loginDomain: options.loginOrigin === undefined ? null : new URL(options.loginOrigin).host,
      providers: issuer.providers.map((name) => ({ name, label: name })),
      workspaces: ownFirst(access.workspaces),
      personas,
    },
    origins: [new URL(urls.browser).origin, urls.userPool, ...(options.loginOrigin ? [options.loginOrigin] : [])],
  });
  const control: Control = {
    verification: () => ({
      urls: { code: urls.code, browser: urls.browser },
      region,
      uiOrigin: urls.ui,
      stack: options.central,
      dir: options.dir,
      profiles: profiles.map(({ key, persona, person }) => ({ key, persona, person })),
      users: users.filter(({ name }) => issuer.mayLogIn(name)).map(({ name, groups }) => ({ name, groups })),
    }),
    credentials: (request) => localCredentials({ sts, profiles: [...profiles, ...jobs], urls }, request),
    token: ({ as, seconds }) => issuer.tokenFor(as, seconds === undefined ? {} : { seconds }),
    administration: () => ({
      region,
      userPoolId: issuer.poolId,
      userPoolUrl: urls.userPool,
      tablesUrl: parts.tablesUrl,
      credentials: administratorKey(data),
    }),
  };
  // A short path of its own: a socket's may not be longer than about 100 characters.
  const socketFolder = mkdtempSync(join(tmpdir(), "gatehouse-"));
  closers.push(async () => rmSync(socketFolder, { recursive: true, force: true }));
  const answer = controlHandler(control);
  const socket = await opened(listenOnSocket(join(socketFolder, "control.sock"), (q, r) => void answer(q, r)));
  data.noteRun({ pid: process.pid, mlflowPid: mlflow.pid, socket });
  const plans = { central, consumers };
  return { ...control, urls, region, plans, personas, profiles, jobs, users, clientId };
}

/** A team's own workspaces before those of everybody, as MLflow's side orders them. */
function ownFirst(workspaces: AccessSetting["workspaces"]): readonly string[] {
  const all = Object.entries(workspaces);
  const restricted = ([, groups]: (typeof all)[number]) => Boolean(groups?.length);
  return [...all.filter(restricted), ...all.filter((each) => !restricted(each))].map(([name]) => name);
}

/** Region of the central stack. */
export function regionOf(options: LocalRunOptions): string {
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
