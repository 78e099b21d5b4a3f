import { type Command, InvalidArgumentError, Option } from "commander";
import { dirOption, jsonOption } from "../options.ts";

/** What every command on an organization takes. */
export interface OrganizationOptions {
  readonly dir: string;
  readonly org: string;
  readonly data: string;
  readonly only: readonly string[];
  readonly parallel?: number;
  readonly json?: boolean;
}

/** Adds the options that commands on an organization share. */
export function withOrganization(command: Command): Command {
  return command
    .addOption(dirOption())
    .addOption(
      new Option("--org <file>", "organization file: the central account and its consumers").makeOptionMandatory(),
    )
    .addOption(
      new Option("--data <folder>", "where jobs are kept")
        .default(".gatehouse/automation")
        .env("GATEHOUSE_AUTOMATION_DATA"),
    )
    .addOption(jsonOption());
}

export const onlyOption = () =>
  new Option("--only <name...>", "only these: `central`, or consumers").default([], "all");

export const parallelOption = () =>
  new Option("--parallel <number>", "consumers at once (default: the organization file's)").argParser((text) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < 1 || number > 64) throw new InvalidArgumentError("1 to 64");
    return number;
  });
