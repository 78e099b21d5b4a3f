import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { build, type InlineConfig } from "vite";
import { exportedCatalogue } from "../../authorizer/catalogue/exported.ts";
import { page, type ShellFiles } from "./page.ts";
import { type WheelUi, wheelUi } from "./wheel.ts";

/** What `ui/dist` is made from, beside MLflow's wheel and the catalogue. */
const SOURCES = ["ui/src/**/*", "ui/headers.json", "tools/ui/*.ts", "package-lock.json"];

export interface UiPlaces {
  /** Python environment whose MLflow is taken; default the project's. */
  readonly venv?: string;
  /** The built site; default `ui/dist`. */
  readonly dist?: string;
}

/**
 * Makes `ui/dist`: MLflow's static files byte for byte, the login shell, the worker. Nothing happens when nothing changed.
 *
 * @param root the project's folder
 * @throws Error that says what to do
 */
export async function buildUi(
  root: string,
  progress: (line: string) => void = () => undefined,
  { venv = join(root, ".venv"), dist = join(root, "ui/dist") }: UiPlaces = {},
): Promise<void> {
  const wheel = wheelUi(venv);
  const stamp = `${dist}.stamp`;
  const digest = digestOf(root, wheel);
  if (existsSync(join(dist, "index.html")) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  const began = Date.now();
  progress(`UI: MLflow ${wheel.version} and the login shell …`);
  const next = `${dist}.${process.pid}`;
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  try {
    const shell = await buildShell(root, next);
    await buildWorker(root, next);
    cpSync(wheel.folder, join(next, "static-files"), { recursive: true });
    writeFileSync(join(next, "index.html"), page(wheel, shell));
    const needs = exportedCatalogue()
      .filter(({ doors }) => doors.includes("browser"))
      .map((endpoint) => [endpoint.method, endpoint.path, endpoint.needs]);
    writeFileSync(join(next, "needs.json"), JSON.stringify(needs));
    rmSync(dist, { recursive: true, force: true });
    renameSync(next, dist);
    writeFileSync(stamp, digest);
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
  progress(`UI: built in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

function digestOf(root: string, wheel: WheelUi): string {
  const hash = createHash("sha256")
    .update(wheel.version)
    .update(readFileSync(join(wheel.folder, "index.html")));
  for (const file of SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root })).sort())
    if (statSync(join(root, file)).isFile()) hash.update(file).update(readFileSync(join(root, file)));
  return hash.update(JSON.stringify(exportedCatalogue())).digest("hex");
}

const common = (root: string): InlineConfig => ({
  root: join(root, "ui"),
  configFile: false,
  logLevel: "warn",
  publicDir: false,
  // `/` of every host: the worker's scope.
  base: "./",
});

async function buildShell(root: string, outDir: string): Promise<ShellFiles> {
  const result = await build({
    ...common(root),
    plugins: [react()],
    build: {
      outDir,
      emptyOutDir: false,
      assetsDir: "shell",
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 1200,
      rollupOptions: { input: join(root, "ui/src/shell.ts") },
    },
  });
  const output = [result].flat().flatMap((each) => ("output" in each ? each.output : []));
  const entry = output.find((file) => file.type === "chunk" && file.isEntry);
  if (entry?.type !== "chunk") throw new Error("Vite made no entry of ui/src/shell.ts");
  return { scripts: [entry.fileName], imports: entry.imports, styles: [...(entry.viteMetadata?.importedCss ?? [])] };
}

/** One plain script at the root of the site, whose folder is its scope. */
async function buildWorker(root: string, outDir: string): Promise<void> {
  const roots = [...new Set(exportedCatalogue().map(({ path }) => path.split("/")[1] ?? ""))].filter(
    // The site has these itself.
    (segment) => segment !== "" && segment !== "static-files",
  );
  await build({
    ...common(root),
    define: { __API_ROOTS__: JSON.stringify(roots) },
    build: {
      outDir,
      emptyOutDir: false,
      rollupOptions: {
        input: join(root, "ui/src/worker/worker.ts"),
        output: { format: "iife", entryFileNames: "sw.js" },
      },
    },
  });
}
