// Builds the Pulumi CLI for the tests in test/engine, once for a machine: `node tools/engine/build.ts`. Its source comes from the Go module proxy.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { engineFolder, findEngine, LANGUAGE_HOST, MODULE } from "./locate.ts";

const COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const MODULE_FILE = readFileSync(join(MODULE, "go.mod"), "utf8");
const VERSION = required(/^\s*github\.com\/pulumi\/pulumi\/pkg\/v3 (v\S+)$/m);
const GO = required(/^go (\S+)$/m);

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const folder = engineFolder();
  const found = findEngine();
  if (found?.origin === "PATH") {
    console.log(`engine: ${found.pulumi} on PATH is used, nothing to build`);
    return;
  }
  const pulumi = join(folder, "pulumi");
  mkdirSync(folder, { recursive: true });
  if (existsSync(pulumi)) console.log(`engine: ${pulumi} is there`);
  else await build(pulumi);
  placeLanguageHost(join(folder, LANGUAGE_HOST));
}

async function build(pulumi: string): Promise<void> {
  needGo();
  const start = Date.now();
  const seconds = () => `${Math.round((Date.now() - start) / 1000)} s`;
  console.log(
    `engine: building Pulumi ${VERSION}, once for this machine (7 minutes on two cores, 3 GB in Go's caches) …`,
  );
  // Whoever looks for the engine meanwhile must not find half of it.
  const unfinished = `${pulumi}.${process.pid}`;
  const args = ["build", "-v", "-trimpath", "-mod=readonly", "-ldflags", linkerFlags(), "-o", unfinished, COMMAND];
  const go = spawn("go", args, { cwd: MODULE, stdio: ["ignore", "ignore", "pipe"] });
  // Two cores are all there may be, and the build takes them for minutes.
  if (go.pid !== undefined) setPriority(go.pid, 10);
  let packages = 0;
  let said: string[] = [];
  go.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    // -v says one package in a line, the module proxy's downloads start with "go:".
    const lines = chunk.split("\n").filter((line) => line !== "");
    packages += lines.filter((line) => !line.startsWith("go:")).length;
    said = [...said, ...lines].slice(-20);
  });
  const still = setInterval(() => console.log(`  … ${seconds()}, ${packages} packages compiled`), 15_000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      go.on("error", reject);
      go.on("close", resolve);
    });
    if (code !== 0)
      throw new Error(
        `engine: the build failed; run the same command again once this is mended, nothing compiled is lost:\n${said.join("\n")}`,
      );
    renameSync(unfinished, pulumi);
  } finally {
    clearInterval(still);
    rmSync(unfinished, { force: true });
  }
  console.log(`  done in ${seconds()}: ${pulumi}`);
}

/** Without a version in it the CLI answers none, which the SDK's check of versions refuses. */
function linkerFlags(): string {
  return `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${VERSION}`;
}

/** The host is ours and small: the one of this clone replaces another's at each call. */
function placeLanguageHost(target: string): void {
  const unfinished = `${target}.${process.pid}`;
  copyFileSync(join(MODULE, "languageHost.cjs"), unfinished);
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, target);
}

function needGo(): void {
  const way = `install Go ${GO} or newer, or put \`pulumi\` and \`${LANGUAGE_HOST}\` on PATH; then run this again`;
  let has: string;
  try {
    // "local": Go's own answer to being too old would be to download a newer one.
    const env = { ...process.env, GOTOOLCHAIN: "local" };
    has = execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], env });
  } catch {
    throw new Error(`engine: no \`go\` on PATH: ${way}`);
  }
  if (older(has.trim().replace(/^go/, ""), GO)) throw new Error(`engine: Go ${has.trim()} is too old: ${way}`);
}

function older(version: string, than: string): boolean {
  const [has, needs] = [version, than].map((each) =>
    each.split(/[.\s-]/).map((part) => Number.parseInt(part, 10) || 0),
  );
  for (const [i, need] of (needs ?? []).entries()) {
    const own = has?.[i] ?? 0;
    if (own !== need) return own < need;
  }
  return false;
}

function required(pattern: RegExp): string {
  const found = pattern.exec(MODULE_FILE)?.[1];
  if (found === undefined) throw new Error(`engine: go.mod lacks ${pattern.source}`);
  return found;
}
