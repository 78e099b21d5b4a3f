import { once } from "node:events";
import { Command, InvalidArgumentError, Option } from "commander";
import { openAutomation } from "../../automation/open.ts";
import { OrganizationError } from "../../automation/organization/errors.ts";
import { serviceApp } from "../../automation/service/app.ts";
import { startWorker } from "../../automation/service/worker.ts";
import { type OrganizationOptions, withOrganization } from "../deployments/options.ts";

interface Options extends OrganizationOptions {
  readonly port: number;
  readonly host: string;
}

export function serveCommand(): Command {
  return withOrganization(
    new Command("serve").description(
      "deploy over HTTP: jobs that survive a restart, for callers with a token of your identity provider",
    ),
  )
    .addOption(new Option("--port <number>", "port; 0 takes a free one").default(8090).argParser(portOf))
    .addOption(
      new Option("--host <address>", "address to listen at; TLS is what stands in front of it").default("127.0.0.1"),
    )
    .action(async (options: Options) => {
      const automation = await openAutomation(options);
      const settings = automation.file().service;
      if (!settings)
        throw new OrganizationError(
          `${options.org} has no \`service\`: say there whose tokens the service takes, and what they may`,
        );
      const worker = startWorker(automation, (error) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      });
      const app = await serviceApp(automation, worker, settings);
      const address = await app.listen({ port: options.port, host: options.host });
      console.log(`Ready at ${address}`);
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      console.log("stopping: pulumi ends what it has begun; jobs go on at the next start");
      await worker.stop();
      app.server.closeAllConnections();
      await app.close();
      automation.store.close();
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new InvalidArgumentError("0 to 65535");
  return port;
}
