/** What is done to a resource. */
export interface Progress {
  /** As Pulumi says it: `creating`, `created`, `updating`, `deleted` … */
  readonly what: string;
  readonly type: string;
  readonly name: string;
}

// ` +  aws:iam:Role gatehouse-logs creating (0s)`
const LINE = /^ (?:\S{1,2}) +([\w-]+(?::[\w/-]+)+) (\S+) ((?:creat|updat|replac|delet|import|discard)\w*)/;

/** The resource that a line of `pulumi up` or `destroy` is about; null: none. */
export function progressOf(line: string): Progress | null {
  const [, type, name, what] = LINE.exec(line) ?? [];
  return type && name && what ? { type, name, what } : null;
}

/** What went wrong, from all that `pulumi` said: its diagnostics, else the last lines. */
export function reasonOf(output: string): string {
  const lines = output.split("\n");
  const start = lines.lastIndexOf("Diagnostics:");
  const end = lines.findIndex((line, i) => i > start && /^(?:Resources|Outputs|Duration|Policies):/.test(line));
  const said = start < 0 ? lines.slice(-12) : lines.slice(start + 1, end < 0 ? undefined : end);
  const dense = said.map((line) => line.trimEnd()).filter((line) => line !== "");
  return (dense.length ? dense : ["pulumi said nothing"]).join("\n").slice(0, 8000);
}
