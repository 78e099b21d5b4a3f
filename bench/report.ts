import { markdownTable } from "markdown-table";

/** A figure, its ratio first: absolute values are those of one machine on one day. */
export interface Figure {
  readonly what: string;
  /** Such as `1.2 ×`; absent for what a ratio is taken against. */
  readonly ratio?: string;
  /** What the ratio is taken against. */
  readonly against?: string;
  readonly absolute: string;
}

/** A promise of the design. */
export interface Bar {
  readonly what: string;
  readonly holds: boolean;
}

export interface Report {
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly bars: readonly Bar[];
  /** What a reader must know to read the figures right. */
  readonly notes?: readonly string[];
}

/** One benchmark; progress goes to stderr. */
export type Benchmark = () => Promise<readonly Report[]>;

export function printed({ title, figures, bars, notes = [] }: Report): string {
  const rows = figures.map(({ what, ratio = "–", against = "–", absolute }) => [what, ratio, against, absolute]);
  return [
    `\n## ${title}\n`,
    markdownTable([["what", "ratio", "against", "figure"], ...rows]),
    "",
    ...notes.map((note) => `- ${note}`),
    ...bars.map(({ what, holds }) => `- bar ${holds ? "holds" : "DOES NOT HOLD"}: ${what}`),
  ].join("\n");
}

export const times = (value: number): string => `${value.toFixed(2)} ×`;
export const micros = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} µs`;
export const millis = (value: number): string => `${value.toFixed(value < 100 ? 2 : 0)} ms`;
export const seconds = (value: number): string => `${value.toFixed(2)} s`;
export const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;

export function progress(text: string): void {
  process.stderr.write(`… ${text}\n`);
}
