import { call as callScript, type Step } from "../helpers/caller.ts";

/** Runs a script of `test/artifacts/callers`: see the helper. */
export const call = (
  script: string,
  environment: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<readonly Step[]> => callScript(new URL(`callers/${script}`, import.meta.url), environment, ...args);
