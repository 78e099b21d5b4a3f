import { join } from "node:path";
import { build } from "esbuild";

/** The web UI's guards as one script for MLflow's tab in JupyterLab, which has no login shell. */
export async function tileGuards(root: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: 'import { guardPage } from "./guards.ts";\nguardPage();\n',
      resolveDir: join(root, "ui/src"),
    },
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    banner: { js: "// Made from ui/src/guards.ts by `npm run generate`." },
  });
  return outputFiles[0]?.text ?? "";
}
