import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { withFolder } from "./processes.ts";
import { type Figure, millis, progress, type Report, times } from "./report.ts";
import { ROOT } from "./root.ts";
import { median, ratio } from "./statistics.ts";
import { EXPERIMENT, LAST_RUN } from "./ui/data.ts";
import { type Subject, type Subjects, startSubjects } from "./ui/subjects.ts";
import { type Loaded, type State, type Visit, visit } from "./ui/visit.ts";

const ROUNDS = 12;
const ROUND_TRIP_MS = 30;
const BARS = { kilobytes: 60, ratio: 1.1 };

/** What is opened, and the text that is waited for. */
const PAGES = {
  "the list of experiments": { path: () => "#/experiments", text: EXPERIMENT },
  "an experiment's runs": { path: ({ experiment }: Subject) => `#/experiments/${experiment}/runs`, text: LAST_RUN },
};

type PageName = keyof typeof PAGES;
interface Pair {
  readonly page: PageName;
  readonly state: State;
  readonly ours: Visit[];
  readonly stock: Visit[];
}

/** What the login, the worker and both doors cost somebody who opens MLflow's UI, beside the UI that MLflow serves itself. */
export function benchmark(): Promise<readonly Report[]> {
  return withFolder(async (folder, starts) => {
    const subjects = await startSubjects(folder, starts, ROUND_TRIP_MS);
    try {
      const pairs = await measured(subjects);
      return [loadReport(pairs), bytesReport(subjects, pairs)];
    } finally {
      await subjects.close();
    }
  });
}

async function measured(subjects: Subjects): Promise<readonly Pair[]> {
  const pairs = (Object.keys(PAGES) as PageName[]).flatMap((page) =>
    (["cold", "warm"] as const).map((state): Pair => ({ page, state, ours: [], stock: [] })),
  );
  // The first round counts for nothing: it warms up servers and caches.
  for (let round = 0; round <= ROUNDS; round++) {
    progress(`round ${round} of ${ROUNDS}`);
    for (const { page, state, ...visits } of pairs)
      for (const name of round % 2 ? (["ours", "stock"] as const) : (["stock", "ours"] as const)) {
        const { path, text } = PAGES[page];
        const { origin, profile } = subjects[name];
        const look = (as: State) => visit(profile, `${origin}/${path(subjects[name])}`, text, as);
        const seen = await look(state).catch(async (error: unknown) => {
          progress(`${name}, ${page}, ${state} once more: ${error instanceof Error ? error.message : String(error)}`);
          await profile.close();
          await look("warm");
          return look(state);
        });
        if (round > 0) visits[name].push(seen);
      }
  }
  return pairs;
}

const ms = (visits: readonly Visit[]) => visits.map((each) => each.ms);

function loadReport(pairs: readonly Pair[]): Report {
  const ratios = pairs.map((pair) => ({ ...pair, ratio: ratio(ms(pair.ours), ms(pair.stock)) }));
  return {
    title: `From the navigation until the data stand in the page, ${ROUND_TRIP_MS} ms round trip (${ROUNDS} rounds)`,
    figures: ratios.map(
      (each): Figure => ({
        what: `${each.page}, ${each.state}`,
        ratio: times(each.ratio),
        against: "the UI served by MLflow itself, without auth",
        absolute: `${millis(median(ms(each.ours)))} (MLflow's own ${millis(median(ms(each.stock)))})`,
      }),
    ),
    bars: ratios.map((each) => ({
      what: `${each.page}, ${each.state}: less than ${times(BARS.ratio)}`,
      holds: each.ratio < BARS.ratio,
    })),
  };
}

/** What was loaded of the site beside MLflow's own files, and the worker, which the browser loads by itself. */
function bytesReport({ ours }: Subjects, pairs: readonly Pair[]): Report {
  const cold = pairs.find(({ state }) => state === "cold")?.ours.at(-1)?.loaded ?? [];
  const own = cold.filter(({ url }) => {
    const { origin, pathname } = new URL(url);
    return origin === ours.origin && !/^\/(?:static-files|ajax-api|graphql|get-artifact)/.test(pathname);
  });
  const worker = gzipSync(readFileSync(join(ROOT, "ui/dist/sw.js"))).length;
  const bytes = own.reduce((sum, each) => sum + each.bytes, worker);
  const files = cold.filter(({ url }) => url.includes("/static-files/"));
  return {
    title: "What a signed-in person loads beside MLflow's own files",
    figures: [
      {
        what: "page, settings, shell and worker",
        ratio: times(bytes / files.reduce((sum, each) => sum + each.bytes, 0)),
        against: "MLflow's own files, compressed alike",
        absolute: `${kilobytes(bytes)}: ${[...own.map(named), `sw.js ${kilobytes(worker)}`].join(", ")}`,
      },
    ],
    bars: [{ what: `less than ${BARS.kilobytes} KB`, holds: bytes < BARS.kilobytes * 1000 && own.length > 2 }],
  };
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`;
const named = ({ url, bytes }: Loaded) => `${new URL(url).pathname.split("/").at(-1) || "/"} ${kilobytes(bytes)}`;
