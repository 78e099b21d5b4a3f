import * as pulumi from "@pulumi/pulumi";
import { nearest } from "./nearest.ts";
import { parseSettings, type Settings } from "./parse.ts";

/** Namespace of every setting: the name of the project, so that `pulumi config set gateway …` finds it. */
export const NAMESPACE = "mlflow-gatehouse";

/** Settings of the stack with the region, which is part of names at plan time. */
export type StackSettings = Settings & { readonly region: string };

/**
 * Reads all configuration once.
 *
 * @throws RunError naming every setting that is wrong
 */
export function readSettings(): StackSettings {
  const config = pulumi.runtime.allConfig();
  const prefix = `${NAMESPACE}:`;
  const raw = Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
  const parsed = parseSettings(raw);
  const region = config["aws:region"];
  const errors = [
    ...("errors" in parsed ? parsed.errors.map((error) => `${prefix}${error}`) : []),
    ...misspelt(Object.keys(config)),
    ...(region ? [] : ["aws:region: is missing; give a region such as `eu-west-1`"]),
  ];
  if ("errors" in parsed || !region || errors.length)
    throw new pulumi.RunError(
      `settings of stack ${pulumi.getStack()} are wrong:\n${errors.map((error) => `  ${error}`).join("\n")}`,
    );
  return { ...parsed.settings, region };
}

/** Keys whose namespace is nearly ours: Pulumi takes any, and nobody would read them. */
function misspelt(keys: readonly string[]): readonly string[] {
  return keys
    .filter((key) => !key.startsWith(`${NAMESPACE}:`) && nearest(key.split(":")[0] ?? "", [NAMESPACE]) !== undefined)
    .map((key) => `${key}: nobody reads it; did you mean \`${NAMESPACE}:${key.split(":").slice(1).join(":")}\`?`);
}
