import { needsApproval, type PermissionDiff } from "../diff/compare.ts";
import { code, escaped } from "../diff/markdown.ts";
import { asMarkdown } from "../diff/render.ts";
import type { Preview } from "./preview.ts";

/** By this line a later run finds its comment again. */
export const MARKER = "<!-- gatehouse: review -->";

/** Label of a pull request by which somebody says that the gain is meant. */
export const LABEL = "access-approved";

/** Longest comment that GitHub takes is 65,536 characters. */
const LONGEST = 60_000;

export interface Review {
  readonly diff: PermissionDiff;
  readonly previews: readonly Preview[];
  /** Stacks of which no preview was asked. */
  readonly unpreviewed: readonly string[];
  readonly approved: boolean;
}

/** The one comment of a pull request: who gains, who loses, and what a deployment would change. */
export function comment({ diff, previews, unpreviewed, approved }: Review): string {
  const text = [
    MARKER,
    "## Who may do what",
    "",
    asMarkdown(diff),
    ...approval(diff, approved),
    ...(previews.length ? ["", "## What a deployment would change", ""] : []),
    ...previews.flatMap(previewLines),
    ...(unpreviewed.length
      ? [
          "",
          `No preview was made of ${unpreviewed.map((stack) => code(stack)).join(", ")}: this run had no credentials.`,
        ]
      : []),
    "",
  ].join("\n");
  return text.length <= LONGEST
    ? text
    : `${text.slice(0, LONGEST).replace(/\n[^\n]*$/, "")}\n\n… cut: the run's artifact holds all of it\n`;
}

function approval(diff: PermissionDiff, approved: boolean): readonly string[] {
  if (!needsApproval(diff)) return [];
  return [
    "",
    approved
      ? `> Approved by the label ${code(LABEL)}.`
      : `> This check fails until somebody who may says that this is meant, by the label ${code(LABEL)}. A later commit takes the label off again.`,
  ];
}

/** Longer previews are cut. */
const SHOWN = 60;

function previewLines({ stack, counts, steps, error }: Preview): readonly string[] {
  if (error !== undefined) return [`### ${escaped(stack)}`, "", "Its preview failed:", "", fenced(error), ""];
  const said = Object.entries(counts).map(([op, count]) => `${count} to ${op}`);
  if (!said.length) return [`### ${escaped(stack)}`, "", "Nothing changes.", ""];
  return [
    `### ${escaped(stack)}`,
    "",
    `<details><summary>${said.join(", ")}</summary>`,
    "",
    ...steps
      .slice(0, SHOWN)
      .map(
        ({ op, type, name, changed }) =>
          `- ${op} ${code(`${type} ${name}`)}${changed.length ? `: ${changed.map(code).join(", ")}` : ""}`,
      ),
    ...(steps.length > SHOWN ? [`- … and ${steps.length - SHOWN} more`] : []),
    "",
    "</details>",
    "",
  ];
}

/** Text of the engine as it stands; no line of it can end the fence. */
function fenced(text: string): string {
  return [
    "~~~~text",
    ...text
      .slice(0, 4000)
      .split("\n")
      .map((line) => line.replace(/^~+/, " $&")),
    "~~~~",
  ].join("\n");
}
