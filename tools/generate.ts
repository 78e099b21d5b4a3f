// Writes the files that are made from the sources: `npm run generate`. With --check it only says which are out of date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { instance } from "@viz-js/viz";
import { exportedAjaxPaths, exportedCatalogue } from "../authorizer/catalogue/exported.ts";
import { configurationPage } from "../components/settings/page.ts";
import { declaredAccess } from "../plan/documents.ts";
import { permissionsPage } from "../plan/permissionsPage.ts";
import { rolesDot } from "../plan/roles/dot.ts";
import { rolesPage } from "../plan/roles/page.ts";
import { breaches, reaches } from "../plan/roles/reach.ts";
import { worldOf } from "../plan/roles/world.ts";
import { runProgram } from "../plan/runProgram.ts";
import { samplePage } from "./sample/page.ts";
import { tileGuards } from "./ui/guards.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const central = await runProgram({ dir: ROOT, stack: "central" });
const both = [central, await runProgram({ dir: ROOT, stack: "datascience" })];
const files: Readonly<Record<string, string>> = {
  "client/mlflow_gatehouse/proxy/ajax_paths.json": `${JSON.stringify(exportedAjaxPaths(), null, 2)}\n`,
  "client/mlflow_gatehouse/proxy/guards.js": await tileGuards(ROOT),
  "docker/gatehouse_mlflow/catalogue.json": `[\n${exportedCatalogue()
    .map((endpoint) => JSON.stringify(endpoint))
    .join(",\n")}\n]\n`,
  "docs/aws-sample.md": samplePage(await declaredAccess(central)),
  "docs/configuration.md": configurationPage(),
  "docs/permissions.md": await permissionsPage(central),
  "docs/roles.md": rolesPage(both),
  "docs/roles.svg": await rolesPicture(),
};

const check = process.argv.includes("--check");
const stale = Object.entries(files).filter(([path, text]) => {
  const file = join(ROOT, path);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return false;
  if (!check) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
  return true;
});
if (check && stale.length) {
  console.error(
    `out of date: ${stale.map(([path]) => path).join(", ")}; run \`npm run generate\` and commit the result`,
  );
  process.exitCode = 1;
}

/** The graph of `docs/roles.md`. */
async function rolesPicture(): Promise<string> {
  const world = worldOf(both);
  const graphviz = await instance();
  return graphviz.renderString(rolesDot(world, reaches(world), breaches(world)), { format: "svg" });
}
