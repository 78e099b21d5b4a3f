import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { checkCommand } from "./commands/check.ts";
import { credentialsCommand } from "./commands/credentials.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { explainCommand } from "./commands/explain.ts";
import { matrixCommand } from "./commands/matrix.ts";
import { planCommand } from "./commands/plan.ts";
import { startCommand } from "./commands/start.ts";
import { tokenCommand } from "./commands/token.ts";
import { exitCodeOf } from "./errors.ts";
import { refuseSwallowedFlags } from "./swallowedFlags.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("gatehouse")
  .description("MLflow on AWS under access control: plan it, prove it, run it on this machine")
  .version(version)
  .showHelpAfterError("(--help says more)")
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

for (const command of [
  startCommand,
  credentialsCommand,
  tokenCommand,
  checkCommand,
  matrixCommand,
  explainCommand,
  planCommand,
  doctorCommand,
])
  program.addCommand(command().copyInheritedSettings(program));

try {
  refuseSwallowedFlags();
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it already. Its 0 is help or version, everything else is wrong usage.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const { code, message } = exitCodeOf(error);
    process.stderr.write(`${message}\n`);
    process.exitCode = code;
  }
}
