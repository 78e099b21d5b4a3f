import { added, type Load, loads } from "./gateway/load.ts";
import { startTargets } from "./gateway/targets.ts";
import { memory, withFolder } from "./processes.ts";
import { type Figure, megabytes, millis, progress, type Report, times } from "./report.ts";

const ONE = { concurrency: 1, rounds: 12, requests: 30, ms: 3_000 };
const MANY = { concurrency: 16, rounds: 2, requests: 5_000, ms: 3_000 };
const MEMORY_BAR = 150 * 2 ** 20;

type Name = keyof Awaited<ReturnType<typeof startTargets>>["targets"];
type Loads = Readonly<Record<Name, Load>>;

/** What the local gateway adds to MLflow's own answer to `runs/search`, beside what MLflow's own basic-auth adds. */
export function benchmark(): Promise<readonly Report[]> {
  return withFolder(async (folder, starts) => {
    const { gatehouse, targets } = await startTargets(folder, starts);
    const atStart = memory(gatehouse.pid).now;
    const highest = { one: 0, many: 0 };
    const watch = (at: "one" | "many") => (name: string) => {
      if (name === "code" || name === "browser") highest[at] = Math.max(highest[at], memory(gatehouse.pid).now);
    };
    progress("one request at a time");
    // Warms up every server.
    await loads(targets, { ...ONE, rounds: 1, after: () => undefined });
    const one = await loads(targets, { ...ONE, after: watch("one") });
    progress(`${MANY.concurrency} requests at a time`);
    const many = await loads(targets, { ...MANY, after: watch("many") });
    const peak = memory(gatehouse.pid).highest;
    return [
      latencyReport(one),
      loadReport(many),
      {
        title: "Memory of the gateway's process (both doors, STS, user pool, plans)",
        figures: [
          {
            what: "after the start",
            ratio: times(atStart / MEMORY_BAR),
            against: "the bar",
            absolute: megabytes(atStart),
          },
          {
            what: "under load, one at a time",
            ratio: times(highest.one / MEMORY_BAR),
            against: "the bar",
            absolute: megabytes(highest.one),
          },
          {
            what: `under load, ${MANY.concurrency} at a time`,
            ratio: times(highest.many / MEMORY_BAR),
            against: "the bar",
            absolute: megabytes(highest.many),
          },
          { what: "highest ever", ratio: times(peak / MEMORY_BAR), against: "the bar", absolute: megabytes(peak) },
        ],
        bars: [
          {
            what: `the gateway stays below ${megabytes(MEMORY_BAR)} under load`,
            holds: Math.max(highest.one, highest.many) < MEMORY_BAR,
          },
        ],
      },
    ];
  });
}

function latencyReport(one: Loads): Report {
  const basicAuth = added(one.basicAuth, one.stock);
  const cachedAuth = added(one.cachedAuth, one.stock);
  const direct = "the same MLflow asked directly";
  const differences: readonly (readonly [string, Name, Name, string])[] = [
    ["gateway, code door (SigV4, IAM)", "code", "bareCode", direct],
    ["gateway, browser door (token; answer kept as on AWS)", "browser", "bareBrowser", direct],
    ["limit: a proxy that asks nothing", "proxy", "bareCode", direct],
    ["peer: basic-auth", "basicAuth", "stock", "stock MLflow"],
    ["peer: basic-auth with its cache (off by default)", "cachedAuth", "stock", "stock MLflow"],
    ["all of Gatehouse, code door: gateway, gate, roles in MLflow", "code", "stock", "stock MLflow"],
    ["all of Gatehouse, browser door", "browser", "stock", "stock MLflow"],
  ];
  const bar = (door: string, name: Name, base: Name) => ({
    what: `the gateway's ${door} door adds less than basic-auth (${millis(added(one[name], one[base]))}, not ${millis(basicAuth)})`,
    holds: added(one[name], one[base]) < basicAuth,
  });
  const whole = (what: string, name: Name): Figure => ({
    what,
    absolute: `${millis(one[name].median)} median, ${millis(one[name].p99)} p99`,
  });
  return {
    title: `Latency added to \`POST runs/search\`, one at a time (up to ${ONE.rounds * ONE.requests} requests each)`,
    figures: [
      ...differences.map(([what, name, base, against]): Figure => {
        const more = added(one[name], one[base]);
        return {
          what,
          ratio: times(one[name].median / one[base].median),
          against,
          absolute: `${signed(more)} median (${times(more / cachedAuth)} cached basic-auth's), ${signed(one[name].p99 - one[base].p99)} p99`,
        };
      }),
      whole("MLflow behind the code door", "bareCode"),
      whole("MLflow behind the browser door", "bareBrowser"),
      whole("stock MLflow", "stock"),
    ],
    bars: [bar("code", "code", "bareCode"), bar("browser", "browser", "bareBrowser")],
    notes: cpuNotes(one),
  };
}

/** A difference smaller than the noise may have either sign. */
const signed = (ms: number) => `${ms < 0 ? "−" : "+"}${millis(Math.abs(ms))}`;

/** Hardly moved by what else runs on the machine, unlike latency. */
function cpuNotes(one: Loads): string[] {
  const more = (name: Name) => millis(one[name].cpu("mlflow") - one.stock.cpu("mlflow"));
  const gateway = (name: Name) => millis(one[name].cpu("gateway"));
  return [
    `CPU of the gateway's process for a request: code door ${gateway("code")}, browser door ${gateway("browser")}, a proxy that asks nothing ${gateway("proxy")}`,
    `CPU of MLflow for a request: stock ${millis(one.stock.cpu("mlflow"))}; basic-auth +${more("basicAuth")}, with its cache +${more("cachedAuth")}; behind the code door +${more("bareCode")}`,
  ];
}

function loadReport(many: Loads): Report {
  const rows: readonly (readonly [string, Name, Name, string])[] = [
    ["code door", "code", "bareCode", "the same MLflow asked directly"],
    ["browser door", "browser", "bareBrowser", "the same MLflow asked directly"],
    ["a proxy that asks nothing", "proxy", "bareCode", "the same MLflow asked directly"],
    ["basic-auth", "basicAuth", "stock", "stock MLflow"],
    ["basic-auth, with its cache", "cachedAuth", "stock", "stock MLflow"],
    ["all of Gatehouse: code door", "code", "stock", "stock MLflow"],
  ];
  return {
    title: `Requests a second, ${MANY.concurrency} at a time, one MLflow worker`,
    figures: [
      ...rows.map(
        ([what, name, base, against]): Figure => ({
          what,
          ratio: times(many[name].perSecond / many[base].perSecond),
          against,
          absolute: `${many[name].perSecond.toFixed(0)}/s, median ${millis(many[name].median)}, p99 ${millis(many[name].p99)}`,
        }),
      ),
      {
        what: "stock MLflow",
        absolute: `${many.stock.perSecond.toFixed(0)}/s, median ${millis(many.stock.median)}, p99 ${millis(many.stock.p99)}`,
      },
    ],
    bars: [],
  };
}
