import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { globMatches } from "../../authorizer/policy/glob.ts";
import { rolesDot } from "../../plan/roles/dot.ts";
import { patternsMeet } from "../../plan/roles/patterns.ts";
import { breaches, reaches } from "../../plan/roles/reach.ts";
import { rolesText } from "../../plan/roles/render.ts";
import { worldOf } from "../../plan/roles/world.ts";
import { declaredPlan } from "../helpers/declared.ts";
import { granted } from "./holes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("gatehouse roles", function () {
  this.timeout(60_000);

  it("prints every role and its ways, and succeeds as nobody reaches too much", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["cli/gatehouse.mjs", "roles", "--json"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    const { ways, breaches: bad } = JSON.parse(stdout) as {
      ways: { from: string; to: string; sessionName?: string }[];
      breaches: unknown[];
    };
    assert.deepEqual(bad, []);
    assert.ok(
      ways.some(({ to, sessionName }) => to.endsWith("/gatehouse-vision-reader") && sessionName === "bo@acme.example"),
    );
  });

  it("shows a hole in red and in words", async () => {
    const world = worldOf(
      granted([await declaredPlan("central"), await declaredPlan("datascience")], "bo", {
        Effect: "Allow",
        Action: "sagemaker:CreatePresignedDomainUrl",
        Resource: "*",
      }),
    );
    const [ways, bad] = [reaches(world), breaches(world)];
    assert.match(
      rolesText(world, ways, bad),
      /ways should not be there:\n {2}- gatehouse-vision-bo reaches the persona/,
    );
    const red = rolesDot(world, ways, bad)
      .split("\n")
      .filter((line) => line.includes("#c0392b"));
    assert.ok(red.length >= 3);
    for (const line of red) assert.match(line, /gatehouse-vision-bo" -> .*CreatePresignedDomainUrl/);
  });
});

describe("two IAM patterns", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 6 });
  const texts = Array.from({ length: 7 }, (_, length) => length).flatMap((length) =>
    Array.from({ length: 2 ** length }, (_, bits) =>
      Array.from({ length }, (__, i) => ((bits >> i) & 1 ? "b" : "a")).join(""),
    ),
  );

  it("meet exactly where some text matches both", () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        const seen = texts.some((text) => globMatches(a, text) && globMatches(b, text));
        // The shortest common text is no longer than both together: within six letters all are tried.
        fc.pre(seen || a.replaceAll("*", "").length + b.replaceAll("*", "").length <= 6);
        assert.equal(patternsMeet(a, b), seen);
      }),
      { numRuns: 2000 },
    );
  });
});
