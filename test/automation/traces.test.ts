import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("stack traces of the program under Pulumi", () => {
  const mapped = (...flags: readonly string[]) =>
    execFileSync(
      process.execPath,
      [
        ...flags,
        "--input-type=commonjs",
        "-e",
        `require(require.resolve("source-map-support/register", { paths: [require.resolve("@pulumi/pulumi/package.json")] }));
         console.log(/wrapCallSite/.test(String(Error.prepareStackTrace)))`,
      ],
      { cwd: ROOT, encoding: "utf8" },
    ).trim();

  it("aren't mapped, for each costs time and Pulumi takes one per property", () => {
    const flags =
      /nodeargs: "(.*)"/.exec(readFileSync(`${ROOT}/Pulumi.yaml`, "utf8"))?.[1]?.split(" ") ?? assert.fail();
    assert.equal(mapped(), "true");
    assert.equal(mapped(...flags), "false");
  });
});
