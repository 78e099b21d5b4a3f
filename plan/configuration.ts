import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { sorted } from "./sameValue.ts";

/** A stack's configuration as Pulumi hands it to the program: full key → text, objects as JSON text. */
export interface Configuration {
  readonly project: string;
  /** Entry file of the program, relative to the folder. */
  readonly main: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The folder or the stack can't be read; the message says what to do. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/**
 * Reads `Pulumi.yaml` and `Pulumi.<stack>.yaml`.
 *
 * Encrypted values (`secure:`) stay encrypted: no setting of this program is a secret.
 */
export function readConfiguration(dir: string, stack: string): Configuration {
  const project = yaml(join(dir, "Pulumi.yaml"), `no Pulumi.yaml in ${dir}: give the program's folder with --dir`);
  const stacks = stackNames(dir);
  const file = join(dir, `Pulumi.${stack}.yaml`);
  const settings = yaml(
    file,
    `no stack \`${stack}\`: there is ${stacks.join(", ") || "none"} (a stack is a file Pulumi.<name>.yaml)`,
  );
  const name = String(project.name);
  const values = Object.entries(record(settings.config)).map(
    // A key without namespace belongs to the project. Source: Pulumi docs, "Configuration".
    ([key, value]) =>
      [
        key.includes(":") ? key : `${name}:${key}`,
        typeof value === "string" ? value : JSON.stringify(sorted(value)),
      ] as const,
  );
  return {
    project: name,
    main: typeof project.main === "string" ? project.main : "index.ts",
    values: Object.fromEntries(values),
  };
}

/** Stacks that the folder has a file for; none where there is no such folder. */
export function stackNames(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .flatMap((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

function yaml(file: string, missing: string): Record<string, unknown> {
  if (!existsSync(file)) throw new ConfigurationError(missing);
  try {
    return record(parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new ConfigurationError(`${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
