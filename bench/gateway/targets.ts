import { createSecretKey } from "node:crypto";
import { join } from "node:path";
import { Pool } from "undici";
import { signAssertion } from "../../authorizer/identity/assertion.ts";
import { askLocalRun } from "../../cli/running.ts";
import type { LocalCredentials } from "../../local/control.ts";
import { signedHeaders } from "../../test/helpers/signed.ts";
import { type Started, startGroup, until } from "../processes.ts";
import { progress } from "../report.ts";
import { ROOT } from "../root.ts";
import { behind, type Gatehouse, startGatehouse } from "../servers/gatehouse.ts";
import { ADMIN, type StockMlflow, startStockMlflow } from "../servers/stockMlflow.ts";
import { call, checkFinds, fill, type Target } from "./target.ts";

const SEARCH = "/api/2.0/mlflow/runs/search";
const UI_SEARCH = "/ajax-api/2.0/mlflow/runs/search";
const [PROFILE, PERSON, PERSONA] = ["vision/ada", "ada@acme.example", "scientist"];
/** Said in every request, since the doors may choose different ones for a person who says none. */
const WORKSPACE = { "x-mlflow-workspace": "vision" };
const AUTH_CACHE_SECONDS = 60;

export interface Targets {
  readonly gatehouse: Gatehouse;
  readonly targets: Readonly<
    Record<"code" | "bareCode" | "browser" | "bareBrowser" | "proxy" | "stock" | "basicAuth" | "cachedAuth", Target>
  >;
}

/** Starts all servers, one after the other, and puts the same runs into each. */
export async function startTargets(folder: string, starts: (started: Started) => Started): Promise<Targets> {
  const data = join(folder, "gatehouse");
  progress("starting Gatehouse");
  const gatehouse = await startGatehouse(data, starts);
  const ours = await doors(data, gatehouse, starts);
  progress("starting MLflow without auth");
  const stock = await startStockMlflow(join(folder, "stock"), starts);
  progress("starting MLflow with basic-auth, without and with its cache");
  const basicAuth = await startStockMlflow(join(folder, "basic"), starts, { cacheSeconds: 0 });
  const cachedAuth = await startStockMlflow(join(folder, "cached"), starts, { cacheSeconds: AUTH_CACHE_SECONDS });
  const targets = {
    ...ours,
    stock: await peer(stock, {}),
    basicAuth: await peer(basicAuth, await createUser(basicAuth)),
    cachedAuth: await peer(cachedAuth, await createUser(cachedAuth)),
  };
  for (const [name, target] of Object.entries(targets)) await checkFinds(name, target);
  return { gatehouse, targets };
}

/** Both doors, and the same MLflow asked with what the gateway would have sent it. */
async function doors(data: string, gatehouse: Gatehouse, starts: (started: Started) => Started) {
  const { origin, host, proof, assertionKey } = await behind(data, gatehouse.mlflowPid);
  const credentials = await askLocalRun<LocalCredentials>(data, "/credentials", { as: PROFILE, persona: PERSONA });
  const { token } = await askLocalRun<{ readonly token: string }>(data, "/token", { as: PERSON });
  const region = credentials.environment.AWS_REGION ?? "";
  const caller = await callerArn(credentials, region);
  const payload = { sub: PERSON, personas: [PERSONA], groups: ["scientists", "team-vision"] };
  const proved = { host, "x-gatehouse-proof": proof, ...WORKSPACE };
  const asCaller = { ...proved, "x-gatehouse-caller": caller, "x-gatehouse-assertion": "" };
  const asserted = () => ({
    ...proved,
    "x-gatehouse-caller": "",
    "x-gatehouse-assertion": signAssertion(
      { ...payload, exp: Math.floor(Date.now() / 1000) + 600 },
      createSecretKey(assertionKey, "utf8"),
    ),
  });
  const body = await fill(origin, asCaller);
  const door = (url: string, path: string) => ({
    origin: new URL(url).origin,
    path: new URL(url).pathname + path,
    body,
  });
  const code = new URL(gatehouse.code + SEARCH);
  const groups = { gateway: gatehouse.pid, mlflow: gatehouse.mlflowPid };
  const sign = async () => ({
    ...(await signedHeaders(credentials, "POST", code, { body, scope: { region } })),
    ...WORKSPACE,
  });
  const proxy = await plainProxy(origin, data, starts);
  return {
    code: { ...door(gatehouse.code, SEARCH), headers: sign, groups },
    bareCode: { origin, path: SEARCH, body, headers: async () => asCaller, groups },
    browser: {
      ...door(gatehouse.browser, UI_SEARCH),
      headers: async () => ({ authorization: `Bearer ${token}`, ...WORKSPACE }),
      groups,
    },
    bareBrowser: { origin, path: UI_SEARCH, body, headers: async () => asserted(), groups },
    proxy: {
      origin: proxy.origin,
      path: SEARCH,
      body,
      headers: async () => asCaller,
      groups: { gateway: proxy.pid, mlflow: gatehouse.mlflowPid },
    },
  };
}

/** What the gateway writes into `X-Gatehouse-Caller`. */
async function callerArn(credentials: LocalCredentials, region: string): Promise<string> {
  const url = new URL(credentials.environment.AWS_ENDPOINT_URL_STS ?? "");
  const body = "Action=GetCallerIdentity&Version=2011-06-15";
  const headers = await signedHeaders(credentials, "POST", url, { body, scope: { service: "sts", region } });
  const answer = await fetch(url, { method: "POST", headers, body });
  return /<Arn>(.*?)<\/Arn>/.exec(await answer.text())?.[1] ?? "";
}

async function plainProxy(origin: string, data: string, starts: (started: Started) => Started) {
  const started = starts(
    startGroup({
      file: process.execPath,
      args: [join(ROOT, "bench/servers/plainProxy.ts"), origin],
      cwd: ROOT,
      env: process.env,
      log: `${data}.proxy.log`,
    }),
  );
  const port = await until(started, () => /^\d+$/m.exec(started.output())?.[0]);
  return { pid: started.pid, origin: `http://127.0.0.1:${port}` };
}

async function createUser({ origin }: StockMlflow): Promise<Readonly<Record<string, string>>> {
  const [username, password] = [PERSON, "bench-user-password-1"];
  const pool = new Pool(origin, { connections: 1 });
  await call(
    pool,
    "/api/2.0/mlflow/users/create",
    basic(ADMIN.name, ADMIN.password),
    JSON.stringify({ username, password }),
  );
  await pool.close();
  return basic(username, password);
}

function basic(name: string, password: string): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` };
}

async function peer({ origin, pid }: StockMlflow, headers: Readonly<Record<string, string>>): Promise<Target> {
  return {
    origin,
    path: SEARCH,
    body: await fill(origin, headers),
    headers: async () => headers,
    groups: { mlflow: pid },
  };
}
