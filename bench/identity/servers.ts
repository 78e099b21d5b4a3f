import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { freePort } from "../../local/servers.ts";
import { type Started, startGroup, until } from "../processes.ts";
import { ROOT } from "../root.ts";

const VENV = join(ROOT, ".venv/bin");
export const PROOF = "bench-proof-0123456789-0123456789-012345";
export const ACCOUNT = "111122223333";
export const ROLE = "gatehouse-vision-scientist";
export const PERSON = "ada";
const SECRET = "bench-secret-key-of-some-length-0123456789";
/** Everything is writable: what is measured is asking, not being refused. */
const GRANTS = { experiment: "EDIT", registered_model: "EDIT", prompt: "EDIT", scorer: "EDIT" };

export interface Server {
  readonly origin: string;
  readonly pid: number;
}

type Starts = (started: Started) => Started;

/** MLflow behind our gate, asked as the gateway would. */
export function startGate(folder: string, starts: Starts): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  return start(folder, starts, "gatehouse-mlflow", (port) => ({
    args: [],
    env: {
      GATEHOUSE_ACCESS: JSON.stringify({
        account: ACCOUNT,
        roles: { [ROLE]: { persona: "scientist", workspaces: ["vision"] } },
        workspaces: { vision: [] },
        personas: { scientist: { mlflow: { ...GRANTS, workspace: "USE" }, isAdmin: false } },
      }),
      GATEHOUSE_PROOF: PROOF,
      GATEHOUSE_ASSERTION_KEY: SECRET,
      GATEHOUSE_DATABASE: `sqlite:///${database(folder)}`,
      GATEHOUSE_ARTIFACTS: join(folder, "artifacts"),
      GATEHOUSE_HOST: "127.0.0.1",
      GATEHOUSE_PORT: String(port),
      MLFLOW_CRYPTO_KEK_PASSPHRASE: SECRET,
      MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: `${"A".repeat(43)}=`,
    },
  }));
}

/** The same MLflow on the same data, with an authorization function that believes a header. */
export function startTrivial(folder: string, from: string, starts: Starts): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  // A copy that is whole, whatever the first server has not written back yet.
  const source = new DatabaseSync(database(from));
  source.exec(`VACUUM INTO '${database(folder)}'`);
  source.close();
  const file = join(folder, "auth.ini");
  const settings = {
    default_permission: "NO_PERMISSIONS",
    grant_default_workspace_access: "false",
    authorization_function: "trivial_authorization:authorize",
    admin_username: "gatehouse#bootstrap",
    database_uri: `sqlite:///${database(folder)}`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(file, `[mlflow]\n${lines.join("\n")}\n`, { mode: 0o600 });
  return start(folder, starts, "mlflow", (port) => ({
    args: [
      "server",
      ...["--app-name", "basic-auth", "--enable-workspaces", "--serve-artifacts"],
      ...["--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      ...["--backend-store-uri", `sqlite:///${database(folder)}`],
      ...["--artifacts-destination", join(folder, "artifacts")],
    ],
    env: {
      MLFLOW_AUTH_CONFIG_PATH: file,
      MLFLOW_BASIC_AUTH_FAIL_CLOSED: "true",
      PYTHONPATH: join(ROOT, "bench/identity"),
    },
  }));
}

const database = (folder: string) => join(folder, "mlflow.db");

async function start(
  folder: string,
  starts: Starts,
  command: string,
  how: (port: number) => { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> },
): Promise<Server> {
  const port = await freePort();
  const { args, env } = how(port);
  const origin = `http://127.0.0.1:${port}`;
  const started = starts(
    startGroup({
      file: join(VENV, command),
      args,
      cwd: folder,
      env: {
        PATH: `${VENV}:${process.env.PATH ?? ""}`,
        HOME: folder,
        LANG: process.env.LANG ?? "C.UTF-8",
        MLFLOW_DISABLE_TELEMETRY: "true",
        MLFLOW_FLASK_SERVER_SECRET_KEY: SECRET,
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        ...env,
      },
      log: `${folder}.log`,
    }),
  );
  await until(started, async () => {
    const answer = await fetch(`${origin}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    return answer?.ok ? true : undefined;
  });
  return { origin, pid: started.pid };
}
