import { Command, Option } from "commander";
import type { LocalCredentials } from "../../local/control.ts";
import { dataOption } from "../options.ts";
import { askLocalRun } from "../running.ts";

interface Options {
  readonly as: string;
  readonly persona?: string;
  readonly format: "env" | "json" | "process";
  readonly data: string;
}

export function credentialsCommand(): Command {
  return new Command("credentials")
    .description("temporary credentials of the local run, as SageMaker hands them to a profile")
    .requiredOption(
      "--as <consumer/profile>",
      "whose: a profile such as vision/ada, or a job that is nobody's such as vision/job-nightly",
    )
    .option("--persona <name>", "of the central persona role instead, assumed by the local STS")
    .addOption(
      new Option("--format <format>", "env for a shell, json, or process for an AWS profile's credential_process")
        .choices(["env", "json", "process"])
        .default("env"),
    )
    .addOption(dataOption())
    .action(async ({ as, persona, format, data }: Options) => {
      const answer = await askLocalRun<LocalCredentials>(data, "/credentials", { as, persona });
      process.stdout.write(`${print(answer, format)}\n`);
    });
}

function print(credentials: LocalCredentials, format: Options["format"]): string {
  const { accessKeyId, secretAccessKey, sessionToken, expiration, environment } = credentials;
  if (format === "env") {
    // Single quotes, within which a shell reads nothing but the end.
    return Object.entries(environment)
      .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
      .join("\n");
  }
  if (format === "json") return JSON.stringify({ expiration, environment }, null, 2);
  // Source: AWS SDKs guide, "Process credential provider".
  return JSON.stringify({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiration,
  });
}
