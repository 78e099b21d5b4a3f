import { changes } from "../../plan/diff/changes.ts";
import type { PermissionDiff } from "../../plan/diff/compare.ts";
import type { Fact } from "../../plan/diff/side.ts";

/** A diff in one line a sentence: who, and what. */
export function said(diff: PermissionDiff): Readonly<Record<"gained" | "lost" | "unknown", readonly string[]>> {
  return { gained: sentences(diff.gained), lost: sentences(diff.lost), unknown: diff.unknown };
}

function sentences(facts: readonly Fact[]): readonly string[] {
  return changes(facts).map(({ who, may }) => `${who.join(", ")}: ${may.map(({ what }) => what).join(", ")}`);
}
