import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { engineOrSkip } from "../engine/engineOrSkip.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { call, ended, type RunningService, SERVICE, serviceOf, tokenMaker } from "./service.ts";
import { type SimulatedOrganization, simulatedOrganization } from "./simulatedOrganization.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** Instructions of the image that is shipped: of the last stage, continuation lines joined. */
const INSTRUCTIONS = read("automation/Dockerfile")
  .replaceAll("\\\n", " ")
  .split("\n")
  .filter((line) => /^[A-Z]+ /.test(line))
  .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const);
const last = (name: string) => INSTRUCTIONS.findLast(([each]) => each === name)?.[1] ?? assert.fail(`no ${name}`);
const list = (name: string) => JSON.parse(last(name)) as string[];

describe("the service's container", function () {
  this.timeout(120_000);

  it("runs as nobody, from a base with a version, and what it downloads is checked", () => {
    assert.match(last("USER"), /^[1-9]\d+:[1-9]\d+$/);
    const images = INSTRUCTIONS.filter(([name]) => name === "FROM").map(([, image]) => image.split(" ")[0] ?? "");
    for (const image of images) assert.match(image, /^node:24-[a-z]+-slim$/);
    const from = INSTRUCTIONS.findIndex(([name, value]) => name === "ADD" && value.includes("checksums.txt"));
    assert.ok(
      from > 0 && INSTRUCTIONS.slice(from).some(([name, value]) => name === "RUN" && value.includes("pulumiCli.sh")),
    );
    const [engine] = /pulumi\/pkg\/v3 v(\S+)/.exec(read("tools/engine/go.mod"))?.slice(1) ?? [];
    // The one that the tests run.
    assert.equal(
      last("ARG") === "TARGETARCH" && INSTRUCTIONS.find(([name]) => name === "ARG")?.[1],
      `PULUMI_VERSION=${engine}`,
    );
    assert.deepEqual(list("VOLUME"), ["/data", "/tmp"]);
  });

  it("unpacks a Pulumi CLI whose digest is its release's, and no other", () => {
    const [from, to] = [temporaryFolder(), join(temporaryFolder(), "opt")];
    mkdirSync(join(from, "pulumi"));
    writeFileSync(join(from, "pulumi/pulumi"), "the CLI");
    const archive = join(from, "pulumi-v3.250.0-linux-x64.tar.gz");
    execFileSync("tar", ["-czf", archive, "-C", from, "pulumi"]);
    const digest = createHash("sha256").update(readFileSync(archive)).digest("hex");
    const unpack = (text: string) => {
      writeFileSync(join(from, "checksums.txt"), text);
      execFileSync("sh", [join(ROOT, "automation/pulumiCli.sh"), from, join(from, "checksums.txt"), to], {
        stdio: "pipe",
      });
    };
    for (const wrong of [
      "",
      `${digest}  pulumi-v3.250.0-linux-arm64.tar.gz\n`,
      `${digest.replace(/^./, (first) => (first === "0" ? "1" : "0"))}  ${basename(archive)}\n`,
      `${digest}  other-${basename(archive)}\n`,
    ]) {
      assert.throws(() => unpack(wrong));
      assert.equal(existsSync(to), false);
    }
    unpack(`${"0".repeat(64)}  other.zip\n${digest}  ${basename(archive)}\n`);
    assert.equal(readFileSync(join(to, "pulumi"), "utf8"), "the CLI");
  });

  // The tests build on each other, as deployments do. It is this repository's own program that is deployed here; operations.test.ts has what any shows.
  describe("with what is copied into it, and packages for production alone", () => {
    let org: SimulatedOrganization;
    let folder: string;
    let unchanged: readonly string[];
    let service: RunningService;
    let token: string;

    before(async function () {
      org = await simulatedOrganization(engineOrSkip(this), temporaryFolder(), 1, { service: SERVICE });
      folder = join(temporaryFolder(), "gatehouse");
      copyContext(folder);
      unchanged = listed(folder);
      token = await (await tokenMaker(org.folder))(["ml-platform"]);
      const [init, separator, node, ...entry] = list("ENTRYPOINT");
      assert.deepEqual([init, separator, node], ["tini", "--", "node"]);
      assert.deepEqual(list("CMD"), [
        "--org",
        "/data/organization.yaml",
        "--data",
        "/data/automation",
        "--host",
        "0.0.0.0",
      ]);
      const args = [...entry, "--org", org.file, "--data", org.data, "--host", "127.0.0.1", "--port", "0"];
      service = await serviceOf(
        spawn(process.execPath, args, { cwd: folder, env: org.env, stdio: ["ignore", "pipe", "pipe"] }),
      );
    });
    after(() => {
      service?.child.kill("SIGKILL");
      org?.close();
    });

    const job = async (kind: string) => {
      const { body } = await call(service, token, "/jobs", { kind });
      return ended(service, token, String(body.job));
    };

    it("is found healthy as long as it is there", () => {
      const check = (port: string) =>
        execFileSync(process.execPath, [join(folder, "automation/healthy.mjs"), port], { stdio: "pipe" });
      check(new URL(service.url).port);
      assert.throws(() => check("1"));
    });

    it("previews as far as can be seen before central is there, and says what can't", async () => {
      const { steps } = await job("preview");
      assert.deepEqual(
        steps.map(({ member, state }) => `${member} ${state}`),
        ["central done", "team-1 failed"],
        steps[0]?.error ?? "",
      );
      assert.match(steps[1]?.error ?? "", /central\.stack: .* deploy it first/);
      assert.equal(org.cloud("central").created.size, 0);
    });

    it("deploys, the central account first", async () => {
      const { state, steps } = await job("deploy");
      assert.equal(state, "done", steps.map(({ error }) => error ?? "").join("\n"));
      for (const name of ["central", ...org.consumers]) assert.ok(org.cloud(name).created.size > 20, name);
    });

    it("changes nothing where nothing changed", async () => {
      const { steps } = await job("deploy");
      assert.deepEqual(
        steps.map(({ changes }) => changes),
        [{}, {}],
      );
    });

    it("has written nothing beside its data, and stops when told", async () => {
      const end = once(service.child, "exit");
      service.child.kill("SIGTERM");
      assert.deepEqual(await end, [0, null], service.said());
      assert.deepEqual(listed(folder), unchanged);
    });
  });
});

/** What `COPY . .` copies, by the file that says what of the context there is, and the packages that `npm ci --omit=dev` installs. */
function copyContext(folder: string): void {
  const rules = read("automation/Dockerfile.dockerignore").split("\n").filter(Boolean);
  assert.equal(rules[0], "*");
  const left = rules.filter((rule) => rule.startsWith("**/")).map((rule) => rule.slice(3));
  for (const rule of rules.filter((each) => each.startsWith("!")).map((each) => each.slice(1)))
    cpSync(join(ROOT, rule), join(folder, rule), { recursive: true, filter: (from) => !left.includes(basename(from)) });
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { dev?: true; link?: true }>;
  };
  for (const [path, { dev }] of Object.entries(packages)) {
    // Those that lie in another one come with it.
    if (!path.startsWith("node_modules/") || path.indexOf("node_modules/", 1) > 0 || dev) continue;
    if (!existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(realpathSync(join(ROOT, path)), join(folder, path), "dir");
  }
}

/** Every file of ours with its size and when it was changed. */
function listed(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${statSync(path).size} ${statSync(path).mtimeMs}`);
}
