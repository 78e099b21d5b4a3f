import { UsageError } from "./errors.ts";

const OWN = ["dir", "central", "consumer", "port", "data", "postgres", "s3", "reset", "quiet", "json", "lenient_sigv4"];

/**
 * `npm start --reset` is read by npm itself, which passes nothing on and says nothing.
 *
 * @throws UsageError that says how to write it
 */
export function refuseSwallowedFlags(): void {
  if (process.env.npm_lifecycle_event !== "start") return;
  const swallowed = OWN.filter((flag) => process.env[`npm_config_${flag}`]);
  if (!swallowed.length) return;
  const flags = swallowed.map((flag) => `--${flag.replaceAll("_", "-")}`).join(", ");
  throw new UsageError(
    `npm kept ${flags} for itself: write two dashes before, as in \`npm start -- ${flags.split(", ")[0]}\``,
  );
}
