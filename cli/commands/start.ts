import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { styleText } from "node:util";
import { Command } from "commander";
import { DataFolder } from "../../local/dataFolder.ts";
import type { GatewayLogRecord } from "../../local/gateway/index.ts";
import { startLocalRun } from "../../local/localRun.ts";
import type { StsLogRecord } from "../../local/sts/index.ts";
import { UsageError } from "../errors.ts";
import { dataOption, dirOption, firstPort } from "../options.ts";
import { logLine } from "../screen/logLine.ts";
import { welcome } from "../screen/welcome.ts";
import { postgresUrl, refuseWrongStacks } from "../startOptions.ts";

/** The built web UI: `npm start` builds it before, `node tools/ui.ts` by itself. */
const UI = {
  folder: resolve(import.meta.dirname, "../../ui/dist"),
  headersFile: resolve(import.meta.dirname, "../../ui/headers.json"),
};

interface Options {
  readonly dir: string;
  readonly central: string;
  readonly consumer: readonly string[];
  readonly port: string;
  readonly data: string;
  readonly postgres?: string;
  readonly s3?: boolean;
  readonly reset?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly lenientSigv4?: boolean;
}

export function startCommand(): Command {
  return new Command("start")
    .description("run a central stack and its consumers on this machine: MLflow, both doors, STS, user pool, web UI")
    .addOption(dirOption())
    .option("--central <stack>", "central stack", "central")
    .option("--consumer <stack...>", "consumer stacks", ["datascience"])
    .option(
      "--port <number>",
      "first of five ports in a row: code door, browser door, user pool, STS, web UI (0: free ones)",
      "8080",
    )
    .addOption(dataOption())
    .option("--postgres <url>", "keep MLflow's data in this PostgreSQL database instead of SQLite")
    .option("--s3", "keep artifacts in an S3 server on this machine: files above 10 MB, by presigned URLs")
    .option("--reset", "forget all state of earlier runs first")
    .option("--quiet", "no line per request")
    .option("--json", "a line per request as JSON: the access log that the stack declares, with decision and reason")
    .option("--lenient-sigv4", "also accept a `+` of a query that was signed as sent, which AWS may not")
    .action(start);
}

async function start(options: Options): Promise<void> {
  const port = firstPort(options.port);
  const postgres = options.postgres === undefined ? undefined : postgresUrl(options.postgres);
  refuseWrongStacks(resolve(options.dir), options.central, options.consumer);
  const data = resolve(options.data);
  if (options.reset) DataFolder.reset(data);

  const interruption = new AbortController();
  const interrupted = new Promise<"interrupted">((done) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => {
        interruption.abort(new UsageError("stopped before it was ready"));
        done("interrupted");
      });
  });
  const began = Date.now();
  const elapsed = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
  const run = await startLocalRun({
    dir: resolve(options.dir),
    central: options.central,
    consumers: options.consumer,
    port,
    data,
    venv: resolve(import.meta.dirname, "../../.venv"),
    postgres,
    s3: options.s3,
    lenientSigv4: options.lenientSigv4 ?? false,
    ui: existsSync(join(UI.folder, "index.html")) ? UI : undefined,
    signal: interruption.signal,
    progress: (part) => console.log(`${styleText("green", "✓")} ${part} ${styleText("dim", elapsed())}`),
    log: (record) => {
      if (options.json) console.log(JSON.stringify(asAccessLog(record)));
      else if (!options.quiet) console.log(logLine(record));
    },
  });
  try {
    console.log(welcome(run, { data: options.data, elapsed: elapsed() }));
    const end = await Promise.race([interrupted, run.ended]);
    if (end !== "interrupted") {
      console.error(`MLflow ended by itself (exit ${end ?? "unknown"}): see ${options.data}/mlflow.log`);
      process.exitCode = 1;
    }
  } finally {
    await run.stop();
  }
  console.log("stopped; the state is kept");
  // Ends also where a client still holds a connection open.
  process.exit();
}

/** The line of the declared access log, with what only this machine knows; a call of STS, which has none, as it is. */
function asAccessLog(record: GatewayLogRecord | StsLogRecord): object {
  if (!("accessLog" in record) || !record.accessLog) return record;
  const { accessLog, decision, reason } = record;
  return { ...accessLog, decision, ...(reason === undefined ? {} : { reason }) };
}
