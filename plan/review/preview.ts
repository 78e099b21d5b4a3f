import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What `pulumi preview --json` says, as far as people want to read it in a comment. */
export interface Preview {
  readonly stack: string;
  /** `create`, `update`, `replace`, `delete` … → how many resources. */
  readonly counts: Readonly<Record<string, number>>;
  readonly steps: readonly {
    readonly op: string;
    readonly type: string;
    readonly name: string;
    readonly changed: readonly string[];
  }[];
  /** Why there is no preview. */
  readonly error?: string;
}

interface EngineStep {
  readonly op: string;
  readonly urn: string;
  readonly replaceReasons?: readonly string[] | null;
  readonly diffReasons?: readonly string[] | null;
}

/** Steps that change nothing. */
const QUIET = new Set(["same", "read", "refresh"]);

/** Reads the JSON of a preview. Values stay out of it: they may be secret, and the names of what changes say enough. */
export function readPreview(stack: string, json: string): Preview {
  const { steps = [] } = JSON.parse(json) as { steps?: readonly EngineStep[] };
  // A replacement is told in three steps: one word for it is enough.
  const told = steps.filter(({ op }) => !QUIET.has(op) && op !== "create-replacement" && op !== "delete-replaced");
  return {
    stack,
    counts: Object.fromEntries(
      Object.entries(Object.groupBy(told, ({ op }) => op)).map(([op, all = []]) => [op, all.length] as const),
    ),
    steps: told.map(({ op, urn, replaceReasons, diffReasons }) => {
      const parts = urn.split("::");
      return {
        op,
        type: (parts[2] ?? "").split("$").at(-1) ?? "",
        name: parts.slice(3).join("::"),
        changed: [...new Set([...(replaceReasons ?? []), ...(diffReasons ?? [])])].sort(),
      };
    }),
  };
}

/** The rules that no stack may break, in the program's folder. */
const POLICY_PACK = "policy";

/**
 * Asks Pulumi for the preview of one stack, held against the policy pack that lies in the folder. Needs `pulumi` on PATH and the credentials that the stack's account takes.
 *
 * @param env of the engine; default this process's
 * @returns the preview with the engine's JSON beside it, or one with `error`: a preview that fails is told in the comment
 */
export async function askPreview(
  dir: string,
  stack: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ readonly preview: Preview; readonly json?: string }> {
  const pack = existsSync(join(dir, POLICY_PACK, "PulumiPolicy.yaml")) ? ["--policy-pack", POLICY_PACK] : [];
  const args = ["preview", "--stack", stack, ...pack, "--non-interactive", "--color=never"];
  const failed = (error: string) => ({ preview: { stack, counts: {}, steps: [], error } });
  const asked = await pulumi([...args, "--json"], dir, env);
  if (asked.error) return failed(`pulumi could not be started: ${asked.error.message}`);
  if (asked.code === 0) return { preview: readPreview(stack, asked.out), json: asked.out };
  // The JSON has no word of the rules that are broken; the text has.
  const broken = pack.length ? policies((await pulumi(args, dir, env)).out) : "";
  const words = [diagnostics(asked.out), broken].filter(Boolean).join("\n\n");
  return failed(words || asked.err.slice(-2000) || `pulumi ended with ${asked.code}`);
}

interface Asked {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly error?: Error;
}

function pulumi(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Asked> {
  return new Promise((resolve) => {
    const child = spawn("pulumi", [...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      out += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      err += chunk;
    });
    child.on("error", (error) => resolve({ code: null, out, err, error }));
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

/** The part of a preview's text that says which rules are broken. */
function policies(text: string): string {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => /^Policies:/.test(line));
  if (from < 0) return "";
  const rest = lines.slice(from + 1);
  const to = rest.findIndex((line) => /^\S/.test(line));
  return rest
    .slice(0, to < 0 ? undefined : to)
    .filter((line) => line.trim())
    .join("\n");
}

/** With --json, errors are in the JSON, too. */
function diagnostics(out: string): string {
  try {
    const { diagnostics: all = [] } = JSON.parse(out) as {
      diagnostics?: readonly { severity: string; message: string }[];
    };
    return all
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => message.trim())
      .join("\n");
  } catch {
    return "";
  }
}
