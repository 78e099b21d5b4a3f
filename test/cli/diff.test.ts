import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { temporaryFolder } from "../helpers/temporary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PARTS = [
  "Pulumi.yaml",
  "Pulumi.central.yaml",
  "Pulumi.datascience.yaml",
  "index.ts",
  "package.json",
  "package-lock.json",
];
const FOLDERS = ["authorizer", "components", "client", "docker", "ui"];

/** A repository of its own with the program in it. */
class Scratch {
  readonly dir = temporaryFolder();

  constructor() {
    for (const part of PARTS) cpSync(join(ROOT, part), join(this.dir, part));
    const skipped = /(?:^|\/)(?:node_modules|dist|__pycache__|[^/]+\.egg-info|\.\w+_cache)(?:\/|$)/;
    for (const folder of FOLDERS.filter((each) => existsSync(join(ROOT, each))))
      cpSync(join(ROOT, folder), join(this.dir, folder), {
        recursive: true,
        filter: (from) => !skipped.test(from.slice(ROOT.length)),
      });
    this.git("init", "--quiet", "--initial-branch", "main");
    writeFileSync(join(this.dir, ".gitignore"), "node_modules\n");
    symlinkSync(join(ROOT, "node_modules"), join(this.dir, "node_modules"));
  }

  git(...args: readonly string[]): string {
    const who = ["-c", "user.name=test", "-c", "user.email=test@acme.example", "-c", "commit.gpgsign=false"];
    return execFileSync("git", ["-C", this.dir, ...who, ...args], { encoding: "utf8" }).trim();
  }

  /** Commits settings of the central stack, by key. */
  commit(settings: Readonly<Record<string, unknown>>, message: string): string {
    const file = join(this.dir, "Pulumi.central.yaml");
    const content = parseDocument(readFileSync(file, "utf8"));
    for (const [key, value] of Object.entries(settings)) content.setIn(["config", `mlflow-gatehouse:${key}`], value);
    writeFileSync(file, content.toString());
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "--message", message);
    return this.git("rev-parse", "HEAD");
  }

  diff(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
    const found = spawnSync(process.execPath, [join(ROOT, "cli/gatehouse.mjs"), "diff", "--dir", this.dir, ...args], {
      encoding: "utf8",
    });
    return { code: found.status, out: found.stdout, err: found.stderr };
  }
}

describe("gatehouse diff on two real commits", function () {
  this.timeout(120_000);
  let scratch: Scratch;
  let base: string;
  let head: string;

  before(() => {
    scratch = new Scratch();
    base = scratch.commit({ personas: { scientist: { mayNot: ["run:delete"] } } }, "base");
    head = scratch.commit({ personas: {} }, "head");
  });

  it("says in MLflow's words who gains, and ends with 3", () => {
    const { code, out } = scratch.diff("--base", base, "--head", head, "--format", "markdown");
    assert.equal(code, 3);
    assert.match(out, /- consumer `vision`'s scientists and members of group `scientists` may now \*\*delete runs\*\*/);
    assert.match(out, /`POST \/api\/2\.0\/mlflow\/runs\/delete`/);
    assert.doesNotMatch(out, /Lost/);
  });

  it("ends with 0 when somebody only loses", () => {
    const { code, out } = scratch.diff("--base", head, "--head", base);
    assert.equal(code, 0);
    assert.match(
      out,
      /LOST\n {2}consumer `vision`'s scientists and members of group `scientists` may no longer\n {4}delete runs/,
    );
  });

  it("compares with the folder as it stands, not committed", () => {
    assert.match(scratch.diff("--base", head).out, /working tree: nobody gains or loses anything/);
  });

  it("says what is wrong with a revision that isn't there", () => {
    const { code, err } = scratch.diff("--base", "no-such-branch");
    assert.equal(code, 2);
    assert.match(err, /no revision and no file `no-such-branch` here/);
  });

  it("takes no option of git for a revision", () => {
    const { code } = scratch.diff("--base=--output=planted");
    assert.equal(code, 2);
  });
});
