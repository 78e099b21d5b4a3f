import { fileURLToPath } from "node:url";
import { type BuildOptions, buildSync } from "esbuild";
import type { Persona } from "../catalogue/personas.ts";

/** The files of the authorizer's deployment package. */
export type AuthorizerFiles = Readonly<Record<"index.mjs" | "personas.json", string>>;

/** How anything is bundled for the function. */
export const BUNDLE = {
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  target: "node24",
  // Names are kept and lines are not joined, for stack traces one can read.
  minifySyntax: true,
  legalComments: "none",
} as const satisfies BuildOptions;

/**
 * Bundles the authorizer for Node 24. The same sources give the same bytes, so a preview shows a change only when there is one.
 *
 * @throws esbuild's own error when the sources don't bundle
 */
export function authorizerFiles(personas: readonly Persona[]): AuthorizerFiles {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL("index.ts", import.meta.url))],
    absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
    ...BUNDLE,
  });
  const [index] = outputFiles;
  if (!index) throw new Error("esbuild gave no bundle of the authorizer");
  return { "index.mjs": index.text, "personas.json": `${JSON.stringify(personas, null, 1)}\n` };
}
