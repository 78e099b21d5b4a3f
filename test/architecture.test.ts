import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly rule: { readonly name: string } }[];
  };
}

function cruise(): Cruise {
  const { stdout } = spawnSync(
    join(ROOT, "node_modules/.bin/depcruise"),
    [
      "--config",
      ".dependency-cruiser.mjs",
      "--output-type",
      "json",
      "authorizer",
      "components",
      "plan",
      "local",
      "automation",
      "cli",
      "policy",
      "index.ts",
    ],
    { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  return JSON.parse(stdout) as Cruise;
}

describe("arrows between rooms", function () {
  this.timeout(60_000);

  it("point from machinery to knowledge, never back", () => {
    const { summary } = cruise();
    assert.ok(summary.totalCruised > 100, `${summary.totalCruised} files seen`);
    assert.deepEqual(
      summary.violations.map(({ rule }) => rule.name),
      [],
    );
  });

  it("are seen when one points back", () => {
    const planted = join(ROOT, "authorizer/catalogue/planted.ts");
    writeFileSync(planted, 'import "../../plan/plan.ts";\nimport "@pulumi/pulumi";\n');
    try {
      const names = cruise().summary.violations.map(({ rule }) => rule.name);
      assert.ok(names.includes("authorizer/catalogue imports nothing of ours alone"), names.join());
      assert.ok(names.includes("authorizer knows no @pulumi|@aws-sdk"), names.join());
    } finally {
      rmSync(planted, { force: true });
    }
  });
});

describe("the benchmarks", () => {
  it("each load without a test runner around them", () => {
    const files = globSync("bench/*.ts", { cwd: ROOT }).filter((file) => file !== "bench/run.ts");
    assert.ok(files.length > 8, files.join());
    const script = files.map((file) => `await import("./${file}");`).join("\n");
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  }).timeout(60_000);
});
