import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import type { FederationSettings } from "../../identity/federation.ts";
import { BUNDLE } from "../bundle.ts";

/** The files of the function that Cognito calls before it makes a token. The same sources give the same bytes. */
export function preTokenFiles(settings: FederationSettings): Readonly<Record<"index.mjs" | "federation.json", string>> {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL("index.ts", import.meta.url))],
    absWorkingDir: fileURLToPath(new URL("../../..", import.meta.url)),
    ...BUNDLE,
  });
  const [index] = outputFiles;
  if (!index) throw new Error("esbuild gave no bundle of the function before a token");
  return { "index.mjs": index.text, "federation.json": `${JSON.stringify(settings, null, 1)}\n` };
}
