import { styleText } from "node:util";
import type { Finding, Outcome } from "./target.ts";

const MARKS: Readonly<Record<Outcome, string>> = {
  ok: styleText("green", "✓"),
  hole: styleText("red", "✗ hole  "),
  broken: styleText("red", "✗ broken"),
  skipped: styleText("yellow", "– skipped"),
};

/** Holes of one kind that are shown; the number of the others follows. */
const SHOWN = 12;

/** The findings for people, grouped by check; the last line counts. */
export function asText(found: readonly Finding[]): string {
  const groups = Object.entries(Object.groupBy(found, ({ check }) => check)).map(([check, all = []]) => {
    const bad = all.filter(({ outcome }) => outcome === "hole" || outcome === "broken");
    const rest = all.filter((each) => !bad.includes(each));
    const more = bad.length > SHOWN ? [`  … and ${bad.length - SHOWN} more (--json shows all)`] : [];
    return [styleText("bold", check), ...[...bad.slice(0, SHOWN).map(line), ...more, ...rest.map(line)]].join("\n");
  });
  const count = (outcome: Outcome) => found.filter((each) => each.outcome === outcome).length;
  const sum = `${count("hole")} holes, ${count("broken")} broken, ${count("ok")} as they must be, ${count("skipped")} skipped`;
  return [...groups, sum].join("\n\n");
}

function line({ outcome, door, persona, said }: Finding): string {
  const who = [door === null ? "" : `${door} door`, persona ?? ""].filter(Boolean).join(", ");
  return `  ${MARKS[outcome]} ${who ? `${who}: ` : ""}${said}`;
}
