import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DataFolder } from "../../local/dataFolder.ts";
import { mlflowContainer } from "../../local/mlflowContainer.ts";
import { runProgram } from "../../plan/runProgram.ts";
import { type Started, startGroup, until } from "../processes.ts";
import { ROOT } from "../root.ts";

/** `gatehouse start` as a user starts it, in a process of its own. */
export interface Gatehouse {
  /** Of the gateway's process. */
  readonly pid: number;
  /** Of MLflow's process group. */
  readonly mlflowPid: number;
  /** URLs of both doors, with the stage. */
  readonly code: string;
  readonly browser: string;
  /** Unix socket that hands out credentials and tokens. */
  readonly socket: string;
  /** From the command to "Ready", in seconds. */
  readonly seconds: number;
  readonly stop: () => Promise<void>;
}

/** Starts it on free ports. @param starts remembers the process, to end it whatever happens */
export async function startGatehouse(data: string, starts: (started: Started) => Started): Promise<Gatehouse> {
  const began = performance.now();
  const started = starts(
    startGroup({
      file: process.execPath,
      // As `npm start` does.
      args: ["--max-semi-space-size=2", "cli/gatehouse.mjs", "start", "--port", "0", "--data", data, "--quiet"],
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
      log: `${data}.log`,
    }),
  );
  const screen = await until(started, () => (/^Requests$/m.test(started.output()) ? started.output() : undefined));
  const seconds = (performance.now() - began) / 1000;
  const { mlflowPid, socket } = JSON.parse(readFileSync(join(data, "run.json"), "utf8")) as {
    readonly mlflowPid: number;
    readonly socket: string;
  };
  const urlOf = (door: string) => new RegExp(`^\\s+${door} \\(.*?(http://\\S+)`, "m").exec(screen)?.[1] ?? "";
  return {
    pid: started.pid,
    mlflowPid,
    code: urlOf("code"),
    browser: urlOf("browser"),
    socket,
    seconds,
    stop: started.stop,
  };
}

/** MLflow behind the doors, and what it takes to be let in without them. */
export interface Behind {
  readonly origin: string;
  readonly proof: string;
  readonly assertionKey: string;
  /** The one Host that it answers to. */
  readonly host: string;
}

/** Reads it from the declared container, with the data folder's own secrets, and from the process that runs it. */
export async function behind(data: string, mlflowPid: number): Promise<Behind> {
  const seed = new DataFolder(data).secret("program").toString("hex");
  const { environment } = mlflowContainer(await runProgram({ dir: ROOT, stack: "central", seed }));
  const port = /(?:^|\0)GATEHOUSE_PORT=(\d+)/.exec(readFileSync(`/proc/${mlflowPid}/environ`, "utf8"))?.[1];
  return {
    origin: `http://127.0.0.1:${port ?? ""}`,
    proof: environment.GATEHOUSE_PROOF?.split(" ")[0] ?? "",
    assertionKey: environment.GATEHOUSE_ASSERTION_KEY ?? "",
    host: environment.MLFLOW_SERVER_ALLOWED_HOSTS?.split(",")[0] ?? "",
  };
}
