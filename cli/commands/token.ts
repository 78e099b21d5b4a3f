import { Command } from "commander";
import { UsageError } from "../errors.ts";
import { dataOption } from "../options.ts";
import { askLocalRun } from "../running.ts";

export function tokenCommand(): Command {
  return new Command("token")
    .description("an access token of the local user pool")
    .requiredOption("--as <user>", "whose, such as ada@acme.example")
    .option("--expires <duration>", "how long it is good for, such as 90s, 15m or 1h (default: as the client declares)")
    .addOption(dataOption())
    .action(async ({ as, expires, data }: { as: string; expires?: string; data: string }) => {
      const seconds = expires === undefined ? undefined : duration(expires);
      const { token } = await askLocalRun<{ token: string }>(data, "/token", { as, seconds });
      process.stdout.write(`${token}\n`);
    });
}

function duration(text: string): number {
  const [, number, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  const seconds = Number(number) * (unit === "h" ? 3600 : unit === "m" ? 60 : 1);
  if (!seconds || seconds > 86_400)
    throw new UsageError(`--expires \`${text}\` is no duration: write 90s, 15m or 1h, at most 24h`);
  return seconds;
}
