import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clientWheel } from "../../components/studioDomain/wheel.ts";
import { PYTHON } from "../helpers/python.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const CLIENT = fileURLToPath(new URL("../../client/", import.meta.url));

/** Files with their contents, metadata and entry points of a wheel, as Python's own libraries read them. */
const READ = `
import sys, zipfile, json, email, hashlib, configparser
wheel = zipfile.ZipFile(sys.argv[1])
assert wheel.testzip() is None
names = wheel.namelist()
info = next(n.split("/")[0] for n in names if ".dist-info/" in n)
points = configparser.ConfigParser()
points.read_string(wheel.read(f"{info}/entry_points.txt").decode())
meta = email.message_from_bytes(wheel.read(f"{info}/METADATA"))
json.dump({
  "files": {n: hashlib.sha256(wheel.read(n)).hexdigest() for n in names if ".dist-info/" not in n},
  "points": {s: dict(points[s]) for s in points.sections()},
  "meta": [meta["Name"], meta["Version"], meta["Requires-Python"], meta.get_all("Requires-Dist")],
}, sys.stdout)
`;

describe("the client's wheel", function () {
  this.timeout(120_000);

  it("is what pip builds from the same sources, and the same in every run", () => {
    const folder = temporaryFolder();
    const wheel = clientWheel();
    assert.equal(clientWheel().sha256, wheel.sha256);
    const ours = join(folder, wheel.file);
    writeFileSync(ours, wheel.bytes);
    const source = join(folder, "source");
    // pip writes a build folder beside the sources.
    execFileSync("cp", ["-r", CLIENT, source]);
    const build = [
      "-m",
      "pip",
      "wheel",
      "-q",
      "--no-deps",
      "--no-index",
      "--no-build-isolation",
      "-w",
      join(folder, "pip"),
    ];
    execFileSync(PYTHON, [...build, source], { stdio: "pipe" });
    const read = (file: string) =>
      JSON.parse(execFileSync(PYTHON, ["-c", READ, file], { encoding: "utf8" })) as {
        files: Record<string, string>;
        points: object;
        meta: [string, string, string, string[]];
      };
    const [mine, pips] = [read(ours), read(join(folder, "pip", wheel.file))];
    assert.deepEqual(mine.files, pips.files);
    assert.deepEqual(mine.points, pips.points);
    assert.deepEqual(mine.meta.slice(0, 3), pips.meta.slice(0, 3));
    for (const each of mine.meta[3]) assert.ok(pips.meta[3].includes(each), each);
  });

  it("installs offline and is found by MLflow and Jupyter", () => {
    const folder = temporaryFolder();
    const wheel = clientWheel();
    const file = join(folder, wheel.file);
    writeFileSync(file, wheel.bytes);
    const target = join(folder, "site");
    const install = ["-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", target, file];
    execFileSync(PYTHON, install, { stdio: "pipe" });
    const said = execFileSync(
      PYTHON,
      [
        "-c",
        "import sys; sys.path.insert(0, sys.argv[1])\n" +
          "import mlflow_gatehouse, importlib.metadata as m\n" +
          "d = m.Distribution.at(next(__import__('pathlib').Path(sys.argv[1]).glob('*.dist-info')))\n" +
          "print(mlflow_gatehouse.__file__.startswith(sys.argv[1]), sorted(e.group for e in d.entry_points), all(f.locate().exists() for f in d.files))",
        target,
      ],
      { encoding: "utf8" },
    );
    assert.equal(
      said.trim(),
      "True ['jupyter_serverproxy_servers', 'mlflow.request_auth_provider', 'mlflow.request_header_provider'] True",
    );
  });
});
