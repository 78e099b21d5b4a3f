import { execFileSync } from "node:child_process";
import { stackNames } from "../configuration.ts";

/** Folders and files that no deployment is made from. */
const NOT_DEPLOYED =
  /^(?:test|bench|docs|\.github|\.ci|tools|cli|plan|local|automation|policy)\/|\.md$|^(?:LICENSE|biome\.json|\.mocharc\.json|eslint\.config\.mjs|\.dependency-cruiser\.mjs)$/;

/**
 * The stacks whose deployment a change can touch: one whose own file changed, or all of them where the program did.
 *
 * @param paths changed files, relative to the program's folder
 */
export function touchedStacks(paths: readonly string[], stacks: readonly string[]): readonly string[] {
  const own = (stack: string) => paths.includes(`Pulumi.${stack}.yaml`);
  const program = paths.some((path) => !NOT_DEPLOYED.test(path) && !/^Pulumi\.[^/]+\.yaml$/.test(path));
  return stacks.filter((stack) => program || own(stack));
}

/** The stacks of a folder that differ between a revision and the folder as it stands. */
export function touchedSince(dir: string, base: string): readonly string[] {
  const changed = execFileSync(
    "git",
    ["-C", dir, "diff", "--name-only", "--relative", "-z", "--end-of-options", base, "--", "."],
    {
      encoding: "utf8",
    },
  );
  return touchedStacks(changed.split("\0").filter(Boolean), stackNames(dir));
}
