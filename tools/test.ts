// Runs every test there is, mocha's and pytest's, and ends with one line that counts them: `npm test`.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildUi } from "./ui/build.ts";

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const out = mkdtempSync(join(tmpdir(), "gatehouse-test-"));
const asked = process.argv[2];

/** Folders whose tests share nothing with those of the others: of the Pulumi engine, and of the web UI in a browser. */
const ENGINE = "automation|diff|engine|policy|review";
const UI = "ui";

const suites: Readonly<Record<string, () => Promise<Count>>> = {
  mocha: () => mocha("mocha", run, "--ignore", `test/@(${ENGINE}|${UI})/**`),
  engine: () => mocha("engine", heard, ...only(ENGINE)),
  ui: () => mocha("ui", heard, ...only(UI)),
  docker: () => pytest("docker"),
  client: () => pytest("client"),
};

if (asked !== undefined && !(asked in suites)) {
  console.error(`no suite \`${asked}\`: there is ${Object.keys(suites).join(", ")} (npm test -- mocha --grep gateway)`);
  process.exit(2);
}

const counts: Count[] = [];
const selected = (...names: readonly string[]) => names.filter((name) => asked === undefined || asked === name);
const inOrder = async (...names: readonly string[]) => {
  for (const name of selected(...names)) counts.push((await suites[name]?.()) ?? { passed: 0, failed: 1, skipped: 0 });
};
try {
  // Before anybody reads it.
  if (asked !== "docker" && asked !== "client") await buildUi(ROOT, console.log);
  // Side by side: each waits more than it works. What the later ones say comes in one piece.
  await Promise.all([inOrder("mocha"), inOrder("engine", "ui"), inOrder("docker", "client")]);
} finally {
  rmSync(out, { recursive: true, force: true });
}
const sum = (key: keyof Count) => counts.reduce((total, count) => total + count[key], 0);
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
process.exitCode = sum("failed") > 0 || sum("passed") === 0 ? 1 : 0;

function only(folders: string): readonly string[] {
  return ["--ignore", "test/*.test.ts", "--ignore", `test/!(${folders})/**`];
}

async function mocha(name: string, start: typeof heard, ...args: readonly string[]): Promise<Count> {
  const report = join(out, `${name}.json`);
  const reporter = [
    "--reporter",
    fileURLToPath(new URL("mochaReporter.mjs", import.meta.url)),
    "--reporter-option",
    `output=${report}`,
  ];
  const { code, said } = await start(
    process.execPath,
    ["node_modules/mocha/bin/mocha.js", ...reporter, ...args, ...process.argv.slice(3)],
    ROOT,
  );
  if (said !== "") process.stdout.write(`\n── ${name}\n${said}`);
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const count = JSON.parse(readFileSync(report, "utf8")) as Count;
  return { ...count, failed: Math.max(count.failed, code === 0 ? 0 : 1) };
}

async function pytest(folder: string): Promise<Count> {
  const report = join(out, `${folder}.xml`);
  const { code, said } = await heard(
    join(ROOT, ".venv/bin/python"),
    ["-m", "pytest", "-rs", `--junitxml=${report}`],
    join(ROOT, folder),
  );
  process.stdout.write(`\n── ${folder}\n${said}`);
  const suite = existsSync(report) ? /<testsuite [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] : undefined;
  if (suite === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const number = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  const skipped = number("skipped");
  return { passed: number("tests") - failed - skipped, failed: Math.max(failed, code === 0 ? 0 : 1), skipped };
}

/** Runs a program and keeps what it says. */
function heard(file: string, args: readonly string[], cwd: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, [...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        said += chunk;
      });
    child.on("error", (error) => resolve({ code: 1, said: `${file} could not be started: ${error.message}\n` }));
    child.on("close", (code) => resolve({ code: code ?? 1, said }));
  });
}

/** Runs a program whose words go to the terminal as they come. */
function run(file: string, args: readonly string[], cwd: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, [...args], { cwd, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) => {
      console.error(`${file} could not be started: ${error.message}`);
      resolve({ code: 1, said: "" });
    });
    child.on("close", (code) => resolve({ code: code ?? 1, said: "" }));
  });
}
