import { type Change, changes } from "./changes.ts";
import type { PermissionDiff } from "./compare.ts";
import { code, escaped } from "./markdown.ts";
import { listed, permissionWords } from "./words.ts";

/** For a terminal. */
export function asText(diff: PermissionDiff): string {
  return [...lines(diff, plain)].join("\n");
}

/** For a comment on a pull request. */
export function asMarkdown(diff: PermissionDiff): string {
  return [...lines(diff, markdown)].join("\n");
}

/** Stable keys: `base`, `head`, `gained[]` and `lost[]` with `area`, `who[]` and `may[]` of `what` and `evidence[]`, `routes`, `unknown[]`, `notes[]`. */
export function asJson(diff: PermissionDiff): string {
  return JSON.stringify({ ...diff, gained: changes(diff.gained), lost: changes(diff.lost) }, null, 2);
}

interface Style {
  readonly verdict: (text: string) => string;
  readonly title: (text: string) => string;
  readonly sentence: (change: Change, verb: string) => readonly string[];
  readonly item: (text: string) => string;
}

/** Routes and statements of one permission, and permissions of one sentence, that people are shown; JSON holds all. */
const EVIDENCE_SHOWN = 8;
const SPELLED_OUT = 6;

const plain: Style = {
  verdict: (text) => text,
  title: (text) => `\n${text.toUpperCase()}`,
  sentence: ({ who, may }, verb) => {
    const people = `  ${listed(who)} ${verb}`;
    if (may.length <= SPELLED_OUT)
      return [
        people,
        ...may.flatMap(({ what, evidence }) => [`    ${what}`, ...cut(evidence).map((each) => `        ${each}`)]),
      ];
    return [people, `    ${listed(may.map(({ what }) => what))}`, `        ${counted(may)}, listed by --format json`];
  },
  item: (text) => `  ${text}`,
};

const markdown: Style = {
  verdict: (text) => `**${escaped(text)}**`,
  title: (text) => `\n### ${text}\n`,
  sentence: ({ who, may }, verb) => [
    `- ${escaped(listed(who))} ${verb} ${listed(may.map(({ what }) => `**${escaped(what)}**`))}`,
    "",
    `  <details><summary>${counted(may)}</summary>`,
    "",
    ...may.flatMap(({ what, evidence }) => [
      `  - ${escaped(what)}`,
      ...cut(evidence).map((each) => `    - ${code(each)}`),
    ]),
    "",
    "  </details>",
  ],
  item: (text) => `- ${escaped(text)}`,
};

function* lines(diff: PermissionDiff, style: Style): Generator<string> {
  const { gained, lost, routes, unknown, notes } = diff;
  yield style.verdict(`${diff.base} → ${diff.head}: ${verdict(diff)}`);
  if (gained.length) yield style.title("Gained");
  for (const change of changes(gained)) yield* style.sentence(change, "may now");
  if (unknown.length) yield style.title("Not known, so a gain can't be excluded");
  for (const each of unknown) yield style.item(each);
  if (lost.length) yield style.title("Lost");
  for (const change of changes(lost)) yield* style.sentence(change, "may no longer");
  if (routes.appeared.length) yield style.title("Routes of MLflow that appeared");
  for (const { method, path, needs } of routes.appeared)
    yield style.item(
      `${method} ${path}: ${needs === null ? "closed to all" : `for whoever may ${permissionWords(needs)}`}`,
    );
  if (routes.vanished.length) yield style.title("Routes of MLflow that vanished");
  for (const { method, path } of routes.vanished) yield style.item(`${method} ${path}`);
  if (notes.length) yield style.title("Notes");
  for (const note of notes) yield style.item(note);
}

function verdict({ gained, lost, unknown }: PermissionDiff): string {
  const said = [
    ...(gained.length ? ["someone gains"] : []),
    ...(unknown.length ? [`${unknown.length} things are not known`] : []),
    ...(lost.length ? ["someone loses"] : []),
  ];
  return said.length ? said.join(", ") : "nobody gains or loses anything";
}

function cut(evidence: readonly string[]): readonly string[] {
  const all = evidence.filter((each) => each !== "");
  return all.length > EVIDENCE_SHOWN
    ? [...all.slice(0, EVIDENCE_SHOWN), `… and ${all.length - EVIDENCE_SHOWN} more`]
    : all;
}

function counted(may: Change["may"]): string {
  const count = may.reduce((sum, { evidence }) => sum + evidence.length, 0);
  return `${count} ${count === 1 ? "route or statement" : "routes or statements"}`;
}
