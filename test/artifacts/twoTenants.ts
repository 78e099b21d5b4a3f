import { copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { temporaryFolder } from "../helpers/temporary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

type Settings = { config: Record<string, unknown> };

/** The project with a second team beside `vision`: an account, a workspace and people of its own. */
export function twoTenants(): string {
  const dir = temporaryFolder();
  for (const entry of readdirSync(ROOT).filter((each) => !each.startsWith("."))) {
    if (/^Pulumi.*\.yaml$/.test(entry)) copyFileSync(join(ROOT, entry), join(dir, entry));
    else symlinkSync(join(ROOT, entry), join(dir, entry));
  }
  const read = (stack: string) => parse(readFileSync(join(dir, `Pulumi.${stack}.yaml`), "utf8")) as Settings;
  const write = (stack: string, config: Record<string, unknown>) =>
    writeFileSync(join(dir, `Pulumi.${stack}.yaml`), stringify({ config }));
  const { config: central } = read("central");
  write("central", {
    ...central,
    "mlflow-gatehouse:consumers": {
      ...(central["mlflow-gatehouse:consumers"] as object),
      speech: { account: "333333333333", personas: ["reader", "scientist", "admin"], workspaces: ["speech", "shared"] },
    },
    "mlflow-gatehouse:workspaces": {
      ...(central["mlflow-gatehouse:workspaces"] as object),
      speech: { groups: ["team-speech"] },
    },
  });
  write("speech", {
    ...read("datascience").config,
    "mlflow-gatehouse:account": "333333333333",
    "mlflow-gatehouse:consumer": "speech",
    "mlflow-gatehouse:people": {
      eve: { person: "eve@acme.example", persona: "scientist", workspace: "speech" },
      finn: { person: "finn@acme.example", persona: "admin", workspace: "speech" },
    },
  });
  return dir;
}
