import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { LocalRun } from "../../local/localRun.ts";
import { freePort } from "../../local/servers.ts";
import { PYTHON } from "../helpers/python.ts";
import { ROOT } from "../ui/site.ts";
import { openShortSessions, type ShortSessions } from "./shortSessions.ts";

/** A JupyterLab space of a profile: a home of its own, set up as the lifecycle configuration does, with nothing but the execution role's keys. */
export interface Space {
  readonly home: string;
  readonly sessions: ShortSessions;
  /** All that a process in the space has in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the space's Python. */
  readonly python: (...args: readonly string[]) => Promise<Ended>;
  /** Starts JupyterLab; its address, with the token that Studio puts into its own. */
  readonly startJupyter: () => Promise<string>;
  readonly close: () => Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param key `<consumer>/<profile>` */
export async function openSpace(run: LocalRun, data: string, key: string): Promise<Space> {
  const profile = run.profiles.find((each) => each.key === key);
  if (!profile) throw new Error(`no profile ${key}`);
  const sessions = await openShortSessions(run, data, profile.executionRoleArn);
  const home = mkdtempSync(join(data, "space-"));
  mkdirSync(join(home, "work"));
  const environment = {
    PATH: `${ROOT}.venv/bin:/usr/bin:/bin`,
    HOME: home,
    LANG: "C.UTF-8",
    AWS_REGION: run.region,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: sessions.keysUrl,
    AWS_ENDPOINT_URL_STS: sessions.stsUrl,
  };
  const started: ChildProcess[] = [];
  const python = (...args: readonly string[]) =>
    ended(spawn(PYTHON, [...args], { cwd: `${home}/work`, env: environment }));

  // What the parameter of this execution role holds, where the local run takes the API's place.
  const settings: Readonly<Record<string, string>> = { ...profile.environment, MLFLOW_TRACKING_URI: run.urls.code };
  const parameter = Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
  const write =
    "import sys, pathlib; from mlflow_gatehouse.studio import write; write(sys.argv[1], '', pathlib.Path.home())";
  const set = await python("-c", write, parameter);
  if (set.code !== 0) throw new Error(set.err);

  const startJupyter = async () => {
    const [port, token] = [await freePort(), "of-this-test"];
    const options = [
      "--no-browser",
      "--allow-root",
      `--ServerApp.port=${port}`,
      "--ServerApp.port_retries=0",
      `--IdentityProvider.token=${token}`,
      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
      "--LabApp.news_url=None",
      // For the tests, which give JupyterLab the commands of its menus.
      "--LabApp.expose_app_in_browser=True",
    ];
    const log: Buffer[] = [];
    const child = spawn(PYTHON, ["-m", "jupyterlab", ...options], { cwd: `${home}/work`, env: environment });
    started.push(child);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => log.push(chunk));
    const url = `http://127.0.0.1:${port}`;
    for (const deadline = Date.now() + 90_000; Date.now() < deadline && child.exitCode === null; ) {
      const answer = await fetch(`${url}/api/status?token=${token}`).catch(() => undefined);
      if (answer?.ok) return `${url}/lab?token=${token}`;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`JupyterLab didn't come up:\n${Buffer.concat(log).toString().slice(-3000)}`);
  };
  const close = async () => {
    await Promise.all(
      started.map((child) => {
        const end = new Promise((resolve) => child.once("close", resolve));
        child.kill("SIGTERM");
        return child.exitCode === null ? end : undefined;
      }),
    );
    await sessions.close();
    rmSync(home, { recursive: true, force: true });
  };
  return { home, sessions, environment, python, startJupyter, close };
}

/** What a process said, once it has ended. */
export function ended(child: ChildProcess): Promise<Ended> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve) => {
    child.on("close", (code) =>
      resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
    );
  });
}
