import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, request TEXT NOT NULL, requester TEXT NOT NULL, key TEXT UNIQUE, state TEXT NOT NULL,
  created INTEGER NOT NULL, finished INTEGER, cancelled INTEGER NOT NULL DEFAULT 0, controller TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS steps (
  job TEXT NOT NULL REFERENCES jobs(id), ordinal INTEGER NOT NULL, stage INTEGER NOT NULL, member TEXT NOT NULL, stack TEXT NOT NULL,
  action TEXT NOT NULL, state TEXT NOT NULL, started INTEGER, finished INTEGER, attempts INTEGER NOT NULL DEFAULT 0, changes TEXT, error TEXT,
  PRIMARY KEY (job, ordinal)
) STRICT;
CREATE TABLE IF NOT EXISTS events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, at INTEGER NOT NULL, ordinal INTEGER, text TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_of_job ON events (job, sequence);
CREATE TABLE IF NOT EXISTS cancelled_steps (
  job TEXT NOT NULL, ordinal INTEGER NOT NULL, PRIMARY KEY (job, ordinal)
) STRICT;
CREATE TABLE IF NOT EXISTS stacks (
  stack TEXT PRIMARY KEY, holder TEXT, engine TEXT, dirty INTEGER NOT NULL DEFAULT 0
) STRICT;
`;

/** Opens the store of jobs in a folder; every change is on disk when a call returns. */
export async function openDatabase(data: string): Promise<DatabaseSync> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const database = new (await quietSqlite()).DatabaseSync(join(data, "jobs.sqlite"), { timeout: 30_000 });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  database.exec(SCHEMA);
  return database;
}

/** Node still calls its SQLite experimental, which is nothing that whoever deploys can act on. */
async function quietSqlite(): Promise<typeof import("node:sqlite")> {
  const { emitWarning } = process;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).startsWith("SQLite is an experimental"))
      Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return await import("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
