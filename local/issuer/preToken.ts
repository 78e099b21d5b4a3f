import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ofType, type Plan, PlanFitError } from "../../plan/plan.ts";
import { declared, oneOf, stringMap } from "../declared.ts";
import { poolSettings } from "./settings.ts";
import type { Trigger } from "./trigger.ts";

/** The function that the declared pool calls before a token is made, from its declared package. @returns undefined where the pool declares none */
export async function preTokenFunction(plan: Plan, directory: string): Promise<Trigger | undefined> {
  oneOf(plan, "aws:cognito/userPool:UserPool");
  const { preTokenArn } = poolSettings(plan);
  if (preTokenArn === undefined) return undefined;
  const found = ofType(plan, "aws:lambda/function:Function").find(({ state }) => state.arn === preTokenArn);
  const files = stringMap(declared(found?.inputs.code).archive);
  if (!found || files["index.mjs"] === undefined)
    throw new PlanFitError(`the function ${preTokenArn} of the user pool is not declared with an index.mjs`);
  // A folder for each version: a module that was imported once stays.
  const digest = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  const folder = join(directory, `pre-token-${digest}`);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (!/^[\w.-]+$/.test(name)) throw new PlanFitError(`${found.name}: unexpected file name in its package: ${name}`);
    writeFileSync(join(folder, name), content);
  }
  const { handler } = (await import(pathToFileURL(join(folder, "index.mjs")).href)) as { handler?: Trigger };
  if (!handler) throw new PlanFitError(`${found.name}: index.mjs exports no handler`);
  return handler;
}
