/**
 * Whether `text` matches an IAM pattern: `*` is any run of characters (slashes included), `?` any one character.
 * Two pointers instead of a regular expression, which backtracks without bound on patterns with many stars.
 */
export function globMatches(pattern: string, text: string): boolean {
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
  // From the end, where the documents of a stack differ.
  return patternFields.every((_, i) => globMatches(patternFields[5 - i] ?? "", fields[5 - i] ?? ""));
}

/** Documents are evaluated many times over: their patterns are split once. Bounded, since a pattern can hold a value of the request. */
const split = new Map<string, readonly string[] | undefined>();
const SPLIT_LIMIT = 4096;

function arnFields(arn: string): readonly string[] | undefined {
  if (split.has(arn)) return split.get(arn);
  const parts = arn.split(":");
  const fields = parts.length < 6 || parts[0] !== "arn" ? undefined : [...parts.slice(0, 5), parts.slice(5).join(":")];
  if (split.size >= SPLIT_LIMIT) split.clear();
  split.set(arn, fields);
  return fields;
}
