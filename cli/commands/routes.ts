import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { Command } from "commander";
import { SHIPPED_PERSONAS } from "../../authorizer/catalogue/personas.ts";
import { compareServed, type RouteChanges } from "../../plan/servedRoutes.ts";
import { dataOption, jsonOption } from "../options.ts";
import { probe } from "../routes/probe.ts";

const PINNED = fileURLToPath(new URL("../../docker/requirements.in", import.meta.url));

interface Options {
  readonly mlflow?: string;
  readonly data: string;
  readonly json?: boolean;
}

export function routesCommand(): Command {
  return new Command("routes")
    .description("routes that appear or vanish with a version of MLflow, and who may call them")
    .option("--mlflow <version>", "such as 3.18.0, from PyPI (default: the pinned one)")
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const version = options.mlflow ?? /^mlflow==(\S+)/m.exec(readFileSync(PINNED, "utf8"))?.[1] ?? "";
      const folder = join(resolve(options.data), "routes");
      const served = await probe(version, folder, (line) => process.stderr.write(`${line}\n`));
      const changes = compareServed(served, SHIPPED_PERSONAS);
      console.log(options.json ? JSON.stringify(changes, null, 2) : asText(changes));
    });
}

function asText({ mlflow, known, appeared, vanished }: RouteChanges): string {
  const lines = [`MLflow ${mlflow}: ${known} routes as in the catalogue`];
  if (appeared.length) {
    const table = new Table({ head: ["appeared", "", "the most alike needs"], style: { head: [] } });
    for (const { method, path, like } of appeared)
      table.push([method, path, like ? `${like.needs ?? "closed"} (${like.path})` : ""]);
    lines.push(
      "",
      `${appeared.length} appeared. Nobody may call them, at either door, until each has a line in authorizer/catalogue/routes/:`,
      table.toString(),
    );
  }
  if (vanished.length) {
    const table = new Table({ head: ["vanished", "", "could be called by"], style: { head: [] } });
    for (const { method, path, personas } of vanished) table.push([method, path, personas.join(", ") || "nobody"]);
    lines.push("", `${vanished.length} vanished:`, table.toString());
  }
  return lines.join("\n");
}
