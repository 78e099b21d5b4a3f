// Everything that is checked without running the program's parts: `npm run check`. CI runs it, and so should whoever is about to commit.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const bin = (name: string) => `node_modules/.bin/${name}`;

const CHECKS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "format and lint": [bin("biome"), "ci", "."],
  types: [bin("tsc"), "--noEmit"],
  "type-aware lint": [bin("eslint"), "."],
  "arrows between rooms": [bin("depcruise"), "--config", ".dependency-cruiser.mjs", "--output-type", "err", "."],
  "Python lint": [".venv/bin/ruff", "check", "docker", "client", "test"],
  "Python format": [".venv/bin/ruff", "format", "--check", "docker", "client", "test"],
  "Python lint of functions": [".venv/bin/ruff", "check", "--config", "docker/pyproject.toml", "components"],
  "Python format of functions": [
    ".venv/bin/ruff",
    "format",
    "--check",
    "--config",
    "docker/pyproject.toml",
    "components",
  ],
  "generated files": [process.execPath, "tools/generate.ts", "--check"],
};

const failed = Object.entries(CHECKS).filter(([title, [command, ...args]]) => {
  const start = Date.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? "✓" : "✗"} ${title} (${seconds} s)`);
  if (status === 0) return false;
  console.error([stdout, stderr, error?.message].filter(Boolean).join("\n"));
  return true;
});
if (failed.length) {
  console.error(`${failed.length} of ${Object.keys(CHECKS).length} checks failed`);
  process.exitCode = 1;
}
