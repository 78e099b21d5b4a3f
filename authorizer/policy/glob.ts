/**
 * Whether `text` matches an IAM pattern: `*` is any run of characters (slashes included), `?` any one character.
 * Two pointers instead of a regular expression, which backtracks without bound on patterns with many stars.
 */
export function globMatches(pattern: string, text: string): boolean {
  if (pattern === text) return true;
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const c = pattern[p];
    // The star first: a `*` in the text is an ordinary character and must not use up the pattern's star.
    if (c === "*") {
      star = p++;
      resume = t;
    } else if (c !== undefined && (c === "?" || c === text[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/**
 * Whether an ARN matches an ARN pattern. The first five fields (partition, service, region, account and the rest) are matched one by one, so that a star
 * in one can't reach into the next; the last one may hold colons and slashes.
 */
export function arnMatches(pattern: string, arn: string): boolean {
  const patternFields = arnFields(pattern);
  const fields = arnFields(arn);
  if (!patternFields || !fields) return pattern === "*";
  return patternFields.every((field, i) => globMatches(field, fields[i] ?? ""));
}

function arnFields(arn: string): readonly string[] | undefined {
  const parts = arn.split(":");
  if (parts.length < 6 || parts[0] !== "arn") return undefined;
  return [...parts.slice(0, 5), parts.slice(5).join(":")];
}
