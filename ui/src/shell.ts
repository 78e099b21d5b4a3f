// Before MLflow's page: who is it, may he, where is he. Then MLflow's own script starts in this same page.
import "./page.css";
import { Bar } from "./bar.ts";
import { type Config, keptConfig, readConfig } from "./config.ts";
import { destination } from "./destination.ts";
import { catchDownloads } from "./downloads.ts";
import { guardPage } from "./guards.ts";
import { later } from "./later.ts";
import { startMlflow } from "./mlflow.ts";
import { plainPage } from "./plainPage.ts";
import { refusalWords } from "./refusal.ts";
import { configure, endSession, loadAmplify, session } from "./session.ts";
import type { Session } from "./stored.ts";
import { onTabs, tellTabs } from "./tabs.ts";
import { answerWorker, handOver, onWorkerNews, tellWorker, underWorker } from "./workerLink.ts";
import {
  activeWorkspace,
  fetchWorkspaces,
  forgetWorkspaces,
  knownWorkspaces,
  RefusedError,
  settleWorkspace,
  switchWorkspace,
} from "./workspaces.ts";

/** Milliseconds between two looks at how long the token lasts. */
const REFRESH_LOOK = 20_000;

let leaving = false;

async function main(): Promise<void> {
  const controlled = underWorker();
  controlled.catch(() => undefined);
  const returning = /[?&](?:code|error)=/.test(location.search);
  const config = await settings(returning);
  configure(config);
  answerWorker();
  const failed =
    config.loginDomain === null || !returning
      ? undefined
      : await Promise.all([import("./returned.ts"), loadAmplify()]).then(([{ isReturn, returned }]) =>
          isReturn() ? returned() : undefined,
        );
  const found = (await session()) ?? (await loggedIn(config, failed));
  await controlled;
  await opened(config, found);
}

/** As last seen, and checked meanwhile. What an identity provider has answered can't wait for another load. */
async function settings(returning: boolean): Promise<Config> {
  const reading = readConfig();
  const kept = returning ? undefined : keptConfig();
  if (!kept) return (await reading).config;
  // Without network, MLflow's page says so.
  reading.then(({ changed }) => changed && location.reload()).catch(() => undefined);
  return kept;
}

async function loggedIn(config: Config, failed?: string): Promise<Session> {
  // Somebody may log in in another tab.
  onTabs((message) => message === "signed-in" && location.reload());
  const [{ login }] = await Promise.all([import("./login.tsx"), loadAmplify()]);
  for (;;) {
    await login(config, failed);
    const found = await session();
    if (found) {
      tellTabs("signed-in");
      return found;
    }
  }
}

async function opened(config: Config, found: Session): Promise<void> {
  const personas = (config.personas ?? []).filter(({ group }) => found.groups.includes(group)).map(({ name }) => name);
  const bar = new Bar({ switchWorkspace, signOut: () => void leave() });
  onWorkerNews({
    refused: (refusal) =>
      void refusalWords(refusal, config, personas).then((words) => words !== undefined && bar.say(words)),
    // The tokens are there and nobody takes them: keeping them would lead here again.
    signedOut: () => void endSession().finally(ended),
  });
  onTabs((message) => message === "signed-out" && ended());
  handOver(found);
  tellWorker({ type: "opened" });
  keepFresh();
  guardPage();
  catchDownloads();
  sayWhenReleased(bar);

  const { person } = found;
  const show = (workspaces: readonly string[]) =>
    bar.show({ person, personas: personas.length ? personas : found.groups, workspaces, workspace: activeWorkspace() });
  /** As MLflow says now. @returns whether the active one had to change */
  const renewed = async () => {
    const names = await fetchWorkspaces(person, config.workspaces ?? []);
    const changed = settleWorkspace(names);
    show(names);
    return changed;
  };
  const known = knownWorkspaces(person);
  try {
    if (known) settleWorkspace(known);
    else {
      show([]);
      await renewed();
    }
    const asked = destination(new URLSearchParams(location.search).get("open"));
    if (asked !== undefined) return location.replace(asked);
    startMlflow();
    addEventListener("hashchange", () => show(knownWorkspaces(person) ?? []));
    if (known) {
      // MLflow's script first, where the browser has it already.
      await new Promise((resolve) => setTimeout(resolve));
      show(known);
      if (await renewed()) location.reload();
    }
  } catch (error) {
    if (leaving) return;
    if (error instanceof RefusedError) refusedPage(person, error.message);
    else throw error;
  }
}

function refusedPage(person: string, message: string): void {
  forgetWorkspaces();
  plainPage("You have no access yet", `You are logged in as ${person}. ${message}`, {
    label: "Sign out",
    run: () => void leave(),
  });
}

/** Replaces the token before it ends, also while nobody clicks. */
function keepFresh(): void {
  const look = async () => {
    const found = await session();
    if (found) handOver(found);
    else if (navigator.onLine) ended();
  };
  setInterval(() => void look(), REFRESH_LOOK);
  // A refresh in an hour must not need a file that the next release takes away.
  later(loadAmplify);
  // A machine that slept has a late timer.
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void look());
}

async function leave(): Promise<void> {
  leaving = true;
  tellWorker({ type: "forget" });
  forgetWorkspaces();
  await endSession();
  tellTabs("signed-out");
  location.reload();
}

/** Another tab signed out, or the login has ended: what is on the screen goes, the address stays for the next login. */
function ended(): void {
  if (leaving) return;
  leaving = true;
  location.reload();
}

/** The files of an older release are gone: the page says so instead of staying blank. */
function sayWhenReleased(bar: Bar): void {
  // Such an event doesn't bubble.
  addEventListener(
    "error",
    ({ target }) => {
      const url =
        target instanceof HTMLScriptElement ? target.src : target instanceof HTMLLinkElement ? target.href : "";
      if (url.startsWith(`${location.origin}/static-files/`) && navigator.onLine)
        bar.say("A newer version was released: reload this page.", 3600);
    },
    { capture: true },
  );
}

main().catch((error: unknown) => {
  plainPage("MLflow can't be opened", error instanceof Error ? error.message : String(error), {
    label: "Try again",
    run: () => location.reload(),
  });
});
