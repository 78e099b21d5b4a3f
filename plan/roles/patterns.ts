import { globMatches } from "../../authorizer/policy/glob.ts";

/** Whether some text matches both of two IAM patterns (`*` any run of characters, `?` any one). */
export function patternsMeet(a: string, b: string): boolean {
  const open = /[*?]/;
  if (!open.test(b)) return globMatches(a, b);
  if (!open.test(a)) return globMatches(b, a);
  // ok[j]: the first i characters of `a` and the first j of `b` have a text in common.
  let ok = Array.from({ length: b.length + 1 }, (_, j) => /^\**$/.test(b.slice(0, j)));
  for (let i = 1; i <= a.length; i++) {
    const x = a[i - 1];
    const next = [ok[0] === true && x === "*"];
    for (let j = 1; j <= b.length; j++) {
      const y = b[j - 1];
      const both = ok[j - 1] === true && (x === y || x === "?" || y === "?" || x === "*" || y === "*");
      const eatsA = y === "*" && ok[j] === true;
      const eatsB = x === "*" && next[j - 1] === true;
      // A star may also stand for nothing.
      next[j] = both || eatsA || eatsB || (x === "*" && ok[j] === true) || (y === "*" && next[j - 1] === true);
    }
    ok = next;
  }
  return ok[b.length] === true;
}
