import { readConfiguration } from "../plan/configuration.ts";
import { UsageError } from "./errors.ts";

/**
 * Looks at the stacks of a local run before anything of it starts.
 *
 * @throws UsageError, ConfigurationError saying which stack isn't there, or isn't of the kind that it is taken for
 */
export function refuseWrongStacks(dir: string, central: string, consumers: readonly string[]): void {
  const problems = [
    ...wrongKind(dir, central, "central", "--central"),
    ...consumers.flatMap((stack) => wrongKind(dir, stack, "consumer", "--consumer")),
  ];
  if (problems.length) throw new UsageError(problems.join("\n"));
}

/** A kind that is missing or misspelt is left to the program, which says what is allowed. */
function wrongKind(dir: string, stack: string, wanted: "central" | "consumer", option: string): readonly string[] {
  const { project, values } = readConfiguration(dir, stack);
  const kind = values[`${project}:kind`];
  return kind !== wanted && (kind === "central" || kind === "consumer")
    ? [`${option}: the stack \`${stack}\` is of kind ${kind}; name one of kind ${wanted}`]
    : [];
}

/** A PostgreSQL URL as people write it, for the driver that the image has. @throws UsageError */
export function postgresUrl(text: string): string {
  const [, rest] = /^(?:postgres|postgresql|postgresql\+psycopg):\/\/(.+)$/.exec(text) ?? [];
  if (rest === undefined)
    throw new UsageError("--postgres takes a URL such as postgresql://user:password@127.0.0.1:5432/mlflow");
  return `postgresql+psycopg://${rest}`;
}
