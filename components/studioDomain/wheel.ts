import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { zip } from "./zip.ts";

/** The client's Python package as pip installs it. */
export interface Wheel {
  /** `mlflow_gatehouse-<version>-py3-none-any.whl` */
  readonly file: string;
  readonly bytes: Buffer;
  /** SHA-256 of the bytes, in hex. */
  readonly sha256: string;
}

const CLIENT = new URL("../../client/", import.meta.url);
const PACKAGE = "mlflow_gatehouse";

/**
 * Builds the wheel of `client/` without Python, so that a deployment needs none. The same sources give the same bytes.
 * Source: PyPA specifications, "Binary distribution format" and "Core metadata".
 *
 * @throws Error when `client/pyproject.toml` doesn't say what a wheel needs
 */
export function clientWheel(): Wheel {
  const project = readFileSync(new URL("pyproject.toml", CLIENT), "utf8");
  const version = /^version = "([^"]+)"$/m.exec(project)?.[1];
  const python = /^requires-python = "([^"]+)"$/m.exec(project)?.[1];
  const dependencies = /^dependencies = \[([^\]]*)\]$/m.exec(project)?.[1];
  if (version === undefined || python === undefined || dependencies === undefined)
    throw new Error("client/pyproject.toml has no version, requires-python or dependencies on a line of its own");
  const info = `${PACKAGE}-${version}.dist-info`;
  const requires = [...dependencies.matchAll(/"([^"]+)"/g)].map(([, each]) => `Requires-Dist: ${each}`);
  const metadata = ["Metadata-Version: 2.1", "Name: mlflow-gatehouse", `Version: ${version}`, ...requires];
  const files = [
    ...packageFiles(),
    text(`${info}/METADATA`, [...metadata, `Requires-Python: ${python}`]),
    text(`${info}/WHEEL`, ["Wheel-Version: 1.0", "Generator: gatehouse", "Root-Is-Purelib: true", "Tag: py3-none-any"]),
    text(`${info}/entry_points.txt`, entryPoints(project)),
  ];
  const record = files.map(({ path, bytes }) => {
    const digest = createHash("sha256").update(bytes).digest("base64url");
    return `${path},sha256=${digest},${bytes.length}`;
  });
  const bytes = zip([...files, text(`${info}/RECORD`, [...record, `${info}/RECORD,,`])]);
  return {
    file: `${PACKAGE}-${version}-py3-none-any.whl`,
    bytes,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

function packageFiles() {
  const folder = fileURLToPath(new URL(`${PACKAGE}/`, CLIENT));
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /\.(?:js|json|py|svg)$/.test(path))
    .sort()
    .map((path) => ({ path: `${PACKAGE}/${path}`, bytes: readFileSync(new URL(`${PACKAGE}/${path}`, CLIENT)) }));
}

/** Sections `[project.entry-points."group"]`, as a wheel writes them. */
function entryPoints(project: string): readonly string[] {
  return [...project.matchAll(/^\[project\.entry-points\."([^"]+)"\]\n((?:[\w-]+ = "[^"]+"\n)+)/gm)].flatMap(
    ([, group, lines = ""]) => [`[${group}]`, ...lines.trim().replaceAll('"', "").split("\n"), ""],
  );
}

function text(path: string, lines: readonly string[]) {
  return { path, bytes: Buffer.from(`${lines.join("\n")}\n`) };
}
