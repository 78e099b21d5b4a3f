import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { exitCodeOf } from "./errors.ts";
import { refuseSwallowedFlags } from "./swallowedFlags.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** Each command loads what it needs and nothing else: a local run holds its memory for days. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("./commands/start.ts")).startCommand(),
  credentials: async () => (await import("./commands/credentials.ts")).credentialsCommand(),
  token: async () => (await import("./commands/token.ts")).tokenCommand(),
  check: async () => (await import("./commands/check.ts")).checkCommand(),
  matrix: async () => (await import("./commands/matrix.ts")).matrixCommand(),
  explain: async () => (await import("./commands/explain.ts")).explainCommand(),
  diff: async () => (await import("./commands/diff.ts")).diffCommand(),
  review: async () => (await import("./commands/review.ts")).reviewCommand(),
  users: async () => (await import("./commands/users.ts")).usersCommand(),
  policy: async () => (await import("./commands/policy.ts")).policyCommand(),
  routes: async () => (await import("./commands/routes.ts")).routesCommand(),
  offboard: async () => (await import("./commands/offboard.ts")).offboardCommand(),
  connect: async () => (await import("./commands/connect.ts")).connectCommand(),
  roles: async () => (await import("./commands/roles.ts")).rolesCommand(),
  verify: async () => (await import("./commands/verify.ts")).verifyCommand(),
  plan: async () => (await import("./commands/plan.ts")).planCommand(),
  preview: async () => (await import("./commands/preview.ts")).previewCommand(),
  deploy: async () => (await import("./commands/deploy.ts")).deployCommand(),
  drift: async () => (await import("./commands/drift.ts")).driftCommand(),
  destroy: async () => (await import("./commands/destroy.ts")).destroyCommand(),
  cancel: async () => (await import("./commands/cancel.ts")).cancelCommand(),
  outputs: async () => (await import("./commands/outputs.ts")).outputsCommand(),
  history: async () => (await import("./commands/history.ts")).historyCommand(),
  status: async () => (await import("./commands/status.ts")).statusCommand(),
  onboard: async () => (await import("./commands/onboard.ts")).onboardCommand(),
  serve: async () => (await import("./commands/serve.ts")).serveCommand(),
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand(),
};

const program = new Command("gatehouse")
  .description("MLflow on AWS under access control: plan it, prove it, run it on this machine")
  .version(version)
  .showHelpAfterError("(--help says more)")
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

const asked = COMMANDS[process.argv[2] ?? ""];
for (const load of asked ? [asked] : Object.values(COMMANDS))
  program.addCommand((await load()).copyInheritedSettings(program));

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
