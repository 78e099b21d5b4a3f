import { AREAS, type Area, type Fact } from "./side.ts";

/** Some people, and all that they gain or lose in one area. */
export interface Change {
  readonly area: Area;
  readonly who: readonly string[];
  readonly may: readonly { readonly what: string; readonly evidence: readonly string[] }[];
}

/** Facts put together: one entry for those who gain the same, with all that they gain. */
export function changes(facts: readonly Fact[]): readonly Change[] {
  const byWho = Object.groupBy(facts, ({ area, who }) => `${area}|${who}`);
  const each = Object.values(byWho).map((of = []) => {
    const byWords = Object.groupBy(of, ({ may }) => may);
    return {
      area: of[0]?.area ?? "statement",
      who: of[0]?.who ?? "",
      may: Object.entries(byWords)
        .map(([what, same = []]) => ({ what, evidence: [...new Set(same.map(({ evidence }) => evidence))].sort() }))
        .sort((a, b) => compareTexts(a.what, b.what)),
    };
  });
  const bySentence = Object.groupBy(each, ({ area, may }) =>
    // The two doors serve one handler by twin paths: who may call the same in words shares a sentence, and all its routes are listed.
    JSON.stringify([area, may.map(({ what, evidence }) => [what, area === "call" ? "" : evidence])]),
  );
  return Object.values(bySentence)
    .map((same = []) => ({
      area: same[0]?.area ?? "statement",
      who: same.map(({ who }) => who).sort(),
      may: (same[0]?.may ?? []).map(({ what }) => ({
        what,
        evidence: [
          ...new Set(same.flatMap(({ may }) => may.find((other) => other.what === what)?.evidence ?? [])),
        ].sort(),
      })),
    }))
    .sort((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area) || compareTexts(a.who.join(), b.who.join()));
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
