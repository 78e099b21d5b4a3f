import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ENDPOINTS } from "../../authorizer/catalogue/index.ts";
import { stackNames } from "../configuration.ts";
import { readDeployed } from "../deployed.ts";
import type { Plan } from "../plan.ts";
import { runProgram } from "../runProgram.ts";
import { complete } from "./complete.ts";
import { layOut } from "./revision.ts";
import type { RouteRow, Side } from "./side.ts";

export interface SourceOptions {
  /** The program's folder. */
  readonly dir: string;
  /** Stacks to compare; empty: all of the folder. */
  readonly stacks: readonly string[];
  /** Told what takes long. */
  readonly progress: (line: string) => void;
}

/** A side from a git revision: its own program runs, with its own packages. */
export async function sideOfRevision(ref: string, options: SourceOptions): Promise<Side> {
  options.progress(`${ref}: running its program …`);
  const revision = await layOut(options.dir, ref, options.progress);
  try {
    const side = await sideOfFolder(revision.dir, options);
    return { ...side, label: `${ref} (${revision.commit.slice(0, 9)})` };
  } finally {
    revision.close();
  }
}

/** A side from a folder as it stands: the working tree. */
export async function sideOfFolder(dir: string, options: Pick<SourceOptions, "stacks">): Promise<Side> {
  const present = stackNames(dir);
  const stacks = options.stacks.length ? options.stacks.filter((stack) => present.includes(stack)) : present;
  const absent = options.stacks.filter((stack) => !present.includes(stack));
  return {
    label: "working tree",
    plans: await plans(dir, stacks),
    routes: routesOf(dir),
    unknown: [],
    notes: absent.map((stack) => `there is no stack \`${stack}\` on this side`),
  };
}

/**
 * A side from files of `gatehouse plan`, `pulumi preview --json` or `pulumi stack export`; what they can't say is taken from the program of the folder.
 */
export async function sideOfFiles(files: readonly string[], options: SourceOptions): Promise<Side> {
  const unknown: string[] = [];
  const notes: string[] = [];
  const found: Plan[] = [];
  const present = stackNames(options.dir);
  for (const file of files) {
    const deployed = readDeployed(file);
    if (!present.includes(deployed.stack)) {
      found.push(deployed);
      continue;
    }
    const whole = complete(deployed, await runProgram({ dir: options.dir, stack: deployed.stack }));
    found.push(whole.plan);
    unknown.push(...whole.unknown);
    notes.push(...whole.notes);
  }
  return { label: files.join(", "), plans: found, routes: routesOf(options.dir), unknown, notes };
}

/** Stacks refer to each other, so each run is asked for once; they are independent processes and two cores take two. */
async function plans(dir: string, stacks: readonly string[]): Promise<readonly Plan[]> {
  const done: Plan[] = [];
  const waiting = [...stacks];
  const outputs: Record<string, Plan["outputs"]> = {};
  // Central stacks first: a consumer then reads their outputs instead of planning them again.
  const [first = [], second = []] = [
    waiting.filter((stack) => isCentral(dir, stack)),
    waiting.filter((stack) => !isCentral(dir, stack)),
  ];
  for (const wave of [first, second])
    for (let at = 0; at < wave.length; at += 2) {
      const made = await Promise.all(
        wave.slice(at, at + 2).map((stack) => runProgram({ dir, stack, stackOutputs: outputs })),
      );
      for (const plan of made) {
        outputs[plan.stack] = plan.outputs;
        done.push(plan);
      }
    }
  return done;
}

function isCentral(dir: string, stack: string): boolean {
  return /:kind["']?:\s*["']?central\b/.test(readFileSync(join(dir, `Pulumi.${stack}.yaml`), "utf8"));
}

/** A revision ships its catalogue as data for MLflow. */
function routesOf(dir: string): readonly RouteRow[] {
  const file = join(dir, "docker/gatehouse_mlflow/catalogue.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as readonly RouteRow[]) : ENDPOINTS;
}
