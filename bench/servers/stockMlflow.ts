import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../local/servers.ts";
import { type Started, startGroup, until } from "../processes.ts";
import { ROOT } from "../root.ts";

/** A peer: `mlflow server` as its makers ship it, on SQLite, with one worker. */
export interface StockMlflow {
  readonly origin: string;
  /** Of its process group. */
  readonly pid: number;
  /** Until it answered, in seconds. */
  readonly seconds: number;
  readonly stop: () => Promise<void>;
}

/** Who administers the server with basic-auth. */
export const ADMIN = { name: "admin", password: "bench-admin-password-1" };

const VENV = join(ROOT, ".venv/bin");

/**
 * Starts one, on a folder of its own.
 *
 * @param basicAuth with `--app-name basic-auth`; its cache of checked passwords, which is off by default, is kept this long
 */
export async function startStockMlflow(
  folder: string,
  starts: (started: Started) => Started,
  basicAuth?: { readonly cacheSeconds: number },
): Promise<StockMlflow> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const started = starts(
    startGroup({
      file: join(VENV, "mlflow"),
      args: [
        "server",
        ...["--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
        ...["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`],
        ...["--artifacts-destination", join(folder, "artifacts")],
        ...(basicAuth ? ["--app-name", "basic-auth"] : []),
      ],
      cwd: folder,
      env: {
        PATH: `${VENV}:${process.env.PATH ?? ""}`,
        HOME: folder,
        LANG: process.env.LANG ?? "C.UTF-8",
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        MLFLOW_DISABLE_TELEMETRY: "true",
        ...(basicAuth ? authEnvironment(folder, basicAuth.cacheSeconds) : {}),
      },
      log: `${folder}.log`,
    }),
  );
  await until(started, async () => {
    const answer = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    return answer?.ok ? true : undefined;
  });
  return { origin, pid: started.pid, seconds: (performance.now() - began) / 1000, stop: started.stop };
}

function authEnvironment(folder: string, cacheSeconds: number): Readonly<Record<string, string>> {
  const file = join(folder, "auth.ini");
  const settings = {
    default_permission: "READ",
    database_uri: `sqlite:///${join(folder, "auth.db")}`,
    admin_username: ADMIN.name,
    authorization_function: "mlflow.server.auth:authenticate_request_basic_auth",
    auth_cache_ttl_seconds: String(cacheSeconds),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(file, `[mlflow]\n${lines.join("\n")}\n`, { mode: 0o600 });
  return {
    MLFLOW_AUTH_CONFIG_PATH: file,
    MLFLOW_AUTH_ADMIN_PASSWORD: ADMIN.password,
    MLFLOW_FLASK_SERVER_SECRET_KEY: "bench-flask-secret-key-of-some-length",
  };
}
