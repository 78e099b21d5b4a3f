import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { buildSync } from "esbuild";
import { zipSync } from "fflate";
import { ENDPOINTS } from "../authorizer/catalogue/index.ts";
import { DOORS } from "../authorizer/catalogue/types.ts";
import { BUNDLE } from "../authorizer/lambda/bundle.ts";
import { authorizerArchive, declaredAccess } from "../plan/documents.ts";
import { matrix } from "../plan/matrix.ts";
import { prove } from "../plan/proof.ts";
import { runProgram } from "../plan/runProgram.ts";
import { millis, type Report, seconds, times } from "./report.ts";
import { ROOT } from "./root.ts";
import { median, ratio } from "./statistics.ts";

const ROUNDS = 5;
const BARS = { programSeconds: 3, matrixSeconds: 1, zipBytes: 64 * 1024 };

interface Round {
  readonly sdk: number;
  readonly sdkCpu: number;
  readonly program: number;
  readonly programCpu: number;
  readonly matrix: number;
  readonly proof: number;
}

/** How long one waits for an answer about the declared access, against loading Pulumi's SDK and AWS provider, which no program can do without. */
export async function benchmark(): Promise<readonly Report[]> {
  // Fills the file system's cache.
  const plan = await runProgram({ dir: ROOT, stack: "central" });
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await round());
  const of = (name: keyof Round) => rounds.map((one) => one[name]);
  const decisions = ENDPOINTS.length * DOORS.length * (await declaredAccess(plan)).personas.length;
  const program = median(of("program")) / 1000;
  const matrixTime = median(of("matrix")) / 1000;
  return [
    {
      title: `Program and matrix (${plan.resources.length} resources, ${decisions} decisions, ${ROUNDS} rounds)`,
      figures: [
        {
          what: "evaluation of the central program, warm",
          ratio: times(ratio(of("program"), of("sdk"))),
          against: "loading the SDK",
          absolute: seconds(program),
        },
        {
          what: "its CPU time",
          ratio: times(ratio(of("programCpu"), of("sdkCpu"))),
          against: "loading the SDK",
          absolute: seconds(median(of("programCpu")) / 1000),
        },
        {
          what: "loading `@pulumi/pulumi` and `@pulumi/aws` in a process of its own",
          absolute: `${seconds(median(of("sdk")) / 1000)} (CPU ${seconds(median(of("sdkCpu")) / 1000)})`,
        },
        {
          what: "matrix after it: every endpoint × persona × door",
          ratio: times(ratio(of("matrix"), of("program"))),
          against: "the program",
          absolute: `${millis(matrixTime * 1000)} (${((matrixTime * 1e6) / decisions).toFixed(1)} µs a decision)`,
        },
        {
          what: "proof: exact grants, by automata, with a matrix of its own",
          ratio: times(ratio(of("proof"), of("program"))),
          against: "the program",
          absolute: millis(median(of("proof"))),
        },
      ],
      bars: [
        { what: `the program takes less than ${BARS.programSeconds} s`, holds: program < BARS.programSeconds },
        { what: `the matrix takes less than ${BARS.matrixSeconds} s`, holds: matrixTime < BARS.matrixSeconds },
      ],
    },
    packageReport(authorizerArchive(plan)),
  ];
}

async function round(): Promise<Round> {
  const sdk = await timed(loadSdk);
  const program = await timed(() => runProgram({ dir: ROOT, stack: "central" }));
  const documents = await timed(() => declaredAccess(program.value));
  // Fresh documents in each round: nothing of the last one is remembered.
  const rows = await timed(() => Promise.resolve(matrix(documents.value)));
  const proof = await timed(() => Promise.resolve(prove(documents.value)));
  return {
    sdk: sdk.ms,
    sdkCpu: sdk.childCpu,
    program: program.ms,
    programCpu: program.childCpu,
    matrix: rows.ms,
    proof: proof.ms,
  };
}

async function timed<T>(run: () => Promise<T>): Promise<{ value: T; ms: number; childCpu: number }> {
  const began = performance.now();
  const before = childrenCpu();
  const value = await run();
  return { value, ms: performance.now() - began, childCpu: childrenCpu() - before };
}

function loadSdk(): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = 'import("@pulumi/pulumi").then(() => import("@pulumi/aws")).then(() => process.exit())';
    const child = spawn(process.execPath, ["-e", script], { cwd: ROOT, stdio: "ignore" });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error("Pulumi's SDK doesn't load"))));
  });
}

/** CPU milliseconds of all children that have ended (`cutime` and `cstime`; ticks are 10 ms on Linux). */
function childrenCpu(): number {
  const [, , , , , , , , , , , , , user, system] =
    readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(user) + Number(system)) * 10;
}

/** Size of the Lambda's package, against one that could verify tokens and nothing else. */
function packageReport(files: Readonly<Record<string, string>>): Report {
  const bytes = zipped(files);
  const { outputFiles } = buildSync({
    stdin: { contents: 'export { CognitoJwtVerifier } from "aws-jwt-verify";', resolveDir: ROOT },
    ...BUNDLE,
  });
  const library = zipped({ "index.mjs": outputFiles[0]?.text ?? "" });
  const kilobytes = (size: number) => `${(size / 1024).toFixed(1)} KB`;
  return {
    title: "The authorizer's package",
    figures: [
      {
        what: "zip of the declared archive",
        ratio: times(bytes / library),
        against: "aws-jwt-verify",
        absolute: kilobytes(bytes),
      },
      { what: "zip of aws-jwt-verify, bundled in the same way", absolute: kilobytes(library) },
    ],
    bars: [{ what: `the zip is smaller than ${kilobytes(BARS.zipBytes)}`, holds: bytes < BARS.zipBytes }],
  };
}

function zipped(files: Readonly<Record<string, string>>): number {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]))).length;
}
