import { join } from "node:path";
import { Pool } from "undici";
import { added, type Load, loads } from "./gateway/load.ts";
import { call, checkFinds, fill, type Target } from "./gateway/target.ts";
import { ACCOUNT, PERSON, PROOF, ROLE, startGate, startTrivial } from "./identity/servers.ts";
import { type Started, withFolder } from "./processes.ts";
import { type Figure, millis, progress, type Report, times } from "./report.ts";
import { ADMIN, type StockMlflow, startStockMlflow } from "./servers/stockMlflow.ts";

const ONE = { concurrency: 1, rounds: 14, requests: 40, ms: 3_000, after: () => undefined };
const MANY = { concurrency: 8, rounds: 3, requests: 5_000, ms: 2_500, after: () => undefined };
const SEARCH = "/api/2.0/mlflow/runs/search";
const BAR_MS = 1;
const WORKSPACE = { "x-mlflow-workspace": "vision" };

type Name = "ours" | "trivial" | "cachedAuth" | "basicAuth" | "stock";
type Loads = Readonly<Record<Name, Load>>;

/** What our gate inside MLflow costs a request, beside MLflow's own ways to know who calls. */
export function benchmark(): Promise<readonly Report[]> {
  return withFolder(async (folder, starts) => {
    const targets = await startTargets(folder, starts);
    progress("one request at a time");
    // Warms up every server.
    await loads(targets, { ...ONE, rounds: 1 });
    const one = await loads(targets, ONE);
    progress(`${MANY.concurrency} requests at a time`);
    return [latency(one), perSecond(await loads(targets, MANY))];
  });
}

async function startTargets(
  folder: string,
  starts: (started: Started) => Started,
): Promise<Readonly<Record<Name, Target>>> {
  progress("starting MLflow with the gate, with a trivial function, with basic-auth twice, and without auth");
  const caller = `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE}/${PERSON}`;
  const asOurs = {
    "x-gatehouse-proof": PROOF,
    "x-gatehouse-caller": caller,
    "x-gatehouse-assertion": "",
    ...WORKSPACE,
  };
  const ours = await startGate(join(folder, "ours"), starts);
  const body = await fill(ours.origin, asOurs);
  const trivial = await startTrivial(join(folder, "trivial"), join(folder, "ours"), starts);
  const target = (
    server: { origin: string; pid: number },
    headers: Readonly<Record<string, string>>,
    text: string,
  ) => ({
    origin: server.origin,
    path: SEARCH,
    body: text,
    headers: async () => headers,
    groups: { mlflow: server.pid },
  });
  const peer = async (server: StockMlflow, headers: Readonly<Record<string, string>>) =>
    target(server, headers, await fill(server.origin, headers));
  const basicAuth = await startStockMlflow(join(folder, "basic"), starts, { cacheSeconds: 0 });
  const cachedAuth = await startStockMlflow(join(folder, "cached"), starts, { cacheSeconds: 60 });
  const stock = await startStockMlflow(join(folder, "stock"), starts);
  const targets = {
    ours: target(ours, asOurs, body),
    trivial: target(trivial, { "x-bench-user": PERSON, ...WORKSPACE }, body),
    cachedAuth: await peer(cachedAuth, await createUser(cachedAuth)),
    basicAuth: await peer(basicAuth, await createUser(basicAuth)),
    stock: await peer(stock, {}),
  };
  for (const [name, each] of Object.entries(targets)) await checkFinds(name, each);
  return targets;
}

async function createUser({ origin }: StockMlflow): Promise<Readonly<Record<string, string>>> {
  const basic = (name: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`,
  });
  const [username, password] = [PERSON, "bench-user-password-1"];
  const pool = new Pool(origin, { connections: 1 });
  const user = JSON.stringify({ username, password });
  await call(pool, "/api/2.0/mlflow/users/create", basic(ADMIN.name, ADMIN.password), user);
  await pool.close();
  return basic(username, password);
}

const ROWS: readonly (readonly [string, Name, Name, string])[] = [
  ["Gatehouse's gate and checks", "ours", "trivial", "the same MLflow, trivial function"],
  ["limit: an authorization function that believes a header", "trivial", "stock", "MLflow without auth"],
  ["all of Gatehouse inside MLflow", "ours", "stock", "MLflow without auth"],
  ["peer: basic-auth with its cache (off by default)", "cachedAuth", "stock", "MLflow without auth"],
  ["peer: basic-auth", "basicAuth", "stock", "MLflow without auth"],
];

function latency(one: Loads): Report {
  const more = added(one.ours, one.trivial);
  const cpu = one.ours.cpu("mlflow") - one.trivial.cpu("mlflow");
  return {
    title: `Identity inside MLflow: \`POST runs/search\`, one at a time (up to ${ONE.rounds * ONE.requests} requests each)`,
    figures: [
      ...ROWS.map(
        ([what, name, base, against]): Figure => ({
          what,
          ratio: times(one[name].median / one[base].median),
          against,
          absolute: `${millis(one[name].median)} median (${signed(added(one[name], one[base]))}), ${millis(one[name].p99)} p99`,
        }),
      ),
      { what: "MLflow without auth", absolute: `${millis(one.stock.median)} median, ${millis(one.stock.p99)} p99` },
    ],
    notes: [`CPU of MLflow for a request: the gate adds ${signed(cpu)} to the trivial function's`],
    bars: [
      {
        what: `the gate adds less than ${millis(BAR_MS)} to a trivial authorization function (${signed(more)})`,
        holds: more < BAR_MS,
      },
      { what: "all of Gatehouse takes less than basic-auth", holds: one.ours.median < one.basicAuth.median },
    ],
  };
}

function perSecond(many: Loads): Report {
  return {
    title: `Identity inside MLflow: requests a second, ${MANY.concurrency} at a time, one worker`,
    figures: [
      ...ROWS.map(
        ([what, name, base, against]): Figure => ({
          what,
          ratio: times(many[name].perSecond / many[base].perSecond),
          against,
          absolute: `${many[name].perSecond.toFixed(0)}/s, p99 ${millis(many[name].p99)}`,
        }),
      ),
      { what: "MLflow without auth", absolute: `${many.stock.perSecond.toFixed(0)}/s, p99 ${millis(many.stock.p99)}` },
    ],
    bars: [],
  };
}

/** A difference smaller than the noise may have either sign. */
const signed = (ms: number) => `${ms < 0 ? "−" : "+"}${millis(Math.abs(ms))}`;
