import refa from "refa";

/**
 * A set of `METHOD/path` texts: a policy's resource below the stage, where `*` is any run of characters, or a route's template, where `{x}` is one
 * segment and `{x+}` one or more.
 */
export type Language = string;

const POLICY_STAR = ".*";

/** Whether some text is in both; decided exactly, by intersecting automata. */
export function meet(a: Language, b: Language): boolean {
  if (!isPattern(a) && !isPattern(b)) return a === b;
  // Texts that must begin or end differently have nothing in common; this leaves few pairs to the automata.
  const [headA, headB, tailA, tailB] = [head(a), head(b), tail(a), tail(b)];
  if (!headA.startsWith(headB) && !headB.startsWith(headA)) return false;
  if (!tailA.endsWith(tailB) && !tailB.endsWith(tailA)) return false;
  return !refa.isDisjointWith(automaton(a), automaton(b));
}

function isPattern(language: Language): boolean {
  return /[*{]/.test(language);
}

function head(language: Language): string {
  return language.slice(0, language.search(/[*{]|$/));
}

function tail(language: Language): string {
  return language.slice(Math.max(language.lastIndexOf("*"), language.lastIndexOf("}")) + 1);
}

const automata = new Map<Language, refa.NFA>();

function automaton(language: Language): refa.NFA {
  const known = automata.get(language);
  if (known) return known;
  const source = language
    .split(/(\*|\{[^}]+\})/)
    .map((part) => {
      if (part === "*") return POLICY_STAR;
      if (part.startsWith("{")) return part.endsWith("+}") ? ".+" : "[^/]+";
      return part.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    })
    .join("");
  const { expression, maxCharacter } = refa.JS.Parser.fromLiteral({ source, flags: "s" }).parse();
  const made = refa.NFA.fromRegex(expression, { maxCharacter });
  automata.set(language, made);
  return made;
}
