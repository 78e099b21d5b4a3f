import { spawn } from "node:child_process";

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

/**
 * Asks Pulumi for the preview of one stack. Needs `pulumi` on PATH and the credentials that the stack's account takes.
 *
 * @returns the preview with the engine's JSON beside it, or one with `error`: a preview that fails is told in the comment
 */
export function askPreview(dir: string, stack: string): Promise<{ readonly preview: Preview; readonly json?: string }> {
  return new Promise((resolve) => {
    const child = spawn("pulumi", ["preview", "--json", "--stack", stack, "--non-interactive", "--color=never"], {
      cwd: dir,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      out += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      err += chunk;
    });
    const failed = (error: string) => resolve({ preview: { stack, counts: {}, steps: [], error } });
    child.on("error", (error) => failed(`pulumi could not be started: ${error.message}`));
    child.on("close", (code) => {
      if (code !== 0) return failed(diagnostics(out) || err.slice(-2000) || `pulumi ended with ${code}`);
      resolve({ preview: readPreview(stack, out), json: out });
    });
  });
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
