import { readFileSync } from "node:fs";
import { join } from "node:path";
import { askLocalRun } from "../../cli/running.ts";
import { buildUi } from "../../tools/ui/build.ts";
import type { Started } from "../processes.ts";
import { progress } from "../report.ts";
import { ROOT } from "../root.ts";
import { startGatehouse } from "../servers/gatehouse.ts";
import { startStockMlflow } from "../servers/stockMlflow.ts";
import { makeData, type Shown } from "./data.ts";
import { type Delayed, delayed } from "./delay.ts";
import { type Profile, profile } from "./profile.ts";

const PERSON = "ada@acme.example";

/** A UI with the data in it, in a browser profile of its own. */
export interface Subject {
  readonly origin: string;
  readonly experiment: string;
  readonly profile: Profile;
}

/** Both UIs behind the same long way, and the person logged in at ours. */
export interface Subjects {
  readonly ours: Subject;
  readonly stock: Subject;
  readonly close: () => Promise<void>;
}

export async function startSubjects(
  folder: string,
  starts: (started: Started) => Started,
  roundTripMs: number,
): Promise<Subjects> {
  await buildUi(ROOT, progress);
  const data = join(folder, "gatehouse");
  progress("starting Gatehouse");
  const gatehouse = await startGatehouse(data, starts);
  progress("starting MLflow without auth");
  const stock = await startStockMlflow(join(folder, "stock"), starts);
  const screen = readFileSync(`${data}.log`, "utf8");
  const read = (what: string, pattern: RegExp) => {
    const found = pattern.exec(screen)?.[1];
    if (found === undefined) throw new Error(`the screen of \`gatehouse start\` shows no ${what}:\n${screen}`);
    return found;
  };
  const ui = read("UI: build it with `node tools/ui.ts`", /MLflow's UI\s+(http:\S+)/);
  const pool = read("user pool", /user pool\s+(http:\S+)/);
  const password = read(`user ${PERSON}`, new RegExp(`^\\s+${PERSON.replaceAll(".", "\\.")}\\s+(\\S+-Aa1)`, "m"));
  const { token } = await askLocalRun<{ readonly token: string }>(data, "/token", { as: PERSON });
  const headers = { authorization: `Bearer ${token}`, "x-mlflow-workspace": "vision" };
  const here = await makeData(gatehouse.browser, headers);
  const there = await makeData(stock.origin, {});

  const ways: Delayed[] = [];
  const rules: string[] = [];
  for (const url of [ui, pool, gatehouse.browser, stock.origin]) {
    const { host, port } = new URL(url);
    const way = await delayed(Number(port), roundTripMs);
    ways.push(way);
    rules.push(`MAP ${host} 127.0.0.1:${way.port}`);
  }
  const subject = (name: string, origin: string, { experiment }: Shown): Subject => ({
    origin,
    experiment,
    profile: profile(join(folder, `${name}-profile`), rules),
  });
  const ours = subject("ours", ui, here);
  const theirs = subject("stock", stock.origin, there);
  const close = async () => {
    for (const each of [ours, theirs]) await each.profile.close();
    await Promise.all(ways.map((way) => way.close()));
  };
  try {
    await logIn(ours, password);
    return { ours, stock: theirs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function logIn({ origin, profile }: Subject, password: string): Promise<void> {
  const page = await (await profile.context()).newPage();
  await page.goto(origin);
  await page.locator('input[name="username"]').fill(PERSON);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('button[type="submit"]').click();
  await page.locator("gatehouse-bar .person", { hasText: PERSON }).waitFor();
  await page.locator("#root > *").first().waitFor();
  await page.close();
}
