import { list, type OneOrMore, type Statement } from "./document.ts";
import { arnMatches, globMatches } from "./glob.ts";

/** Condition keys (in lower case) with their values in one request. */
export type RequestContext = Readonly<Record<string, OneOrMore | undefined>>;

type Compare = (wanted: string, actual: string) => boolean | undefined;

const POSITIVE: Readonly<Record<string, Compare>> = {
  StringEquals: (wanted, actual) => wanted === actual,
  StringEqualsIgnoreCase: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
  StringLike: globMatches,
  // ArnEquals and ArnLike behave identically. Source: IAM User Guide, "ARN condition operators".
  ArnEquals: arnMatches,
  ArnLike: arnMatches,
  Bool: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
  NumericLessThan: (wanted, actual) => numeric(wanted, actual, (w, a) => a < w),
  NumericLessThanEquals: (wanted, actual) => numeric(wanted, actual, (w, a) => a <= w),
};

const NEGATED: Readonly<Record<string, Compare>> = {
  StringNotEquals: (wanted, actual) => wanted === actual,
  StringNotLike: globMatches,
  ArnNotEquals: arnMatches,
  ArnNotLike: arnMatches,
};

const FOR_ALL = "ForAllValues:";

/** Whether all conditions hold; undefined when an operator or a variable isn't known, which the caller must count against access. */
export function conditionsHold(
  conditions: NonNullable<Statement["Condition"]>,
  context: RequestContext,
): boolean | undefined {
  let unknown = false;
  for (const [operator, keys] of Object.entries(conditions)) {
    for (const [key, wanted] of Object.entries(keys)) {
      const held = conditionHolds(operator, key.toLowerCase(), list(wanted), context);
      if (held === false) return false;
      if (held === undefined) unknown = true;
    }
  }
  return unknown ? undefined : true;
}

function conditionHolds(
  operator: string,
  key: string,
  wanted: readonly string[],
  context: RequestContext,
): boolean | undefined {
  const actual = context[key];
  if (operator === "Null") return nullHolds(wanted, actual === undefined);
  if (operator.startsWith(FOR_ALL)) {
    // Of no value, or no key at all, everything holds. Source: IAM User Guide, "Set operators for multivalued context keys".
    const each = list(actual ?? []).map((value) =>
      conditionHolds(operator.slice(FOR_ALL.length), key, wanted, { ...context, [key]: value }),
    );
    return each.includes(false) ? false : each.includes(undefined) ? undefined : true;
  }
  const ifExists = operator.endsWith("IfExists");
  const base = ifExists ? operator.slice(0, -"IfExists".length) : operator;
  const positive = POSITIVE[base];
  const negated = NEGATED[base];
  const compare = positive ?? negated;
  if (!compare) return undefined;
  // A key that isn't in the request: false, but true for a negated operator. Source: IAM User Guide, "…IfExists condition operators".
  if (actual === undefined) return ifExists || negated !== undefined;
  // A key with several values needs a set operator; of those, ForAnyValue is in no document of ours.
  const values = list(actual);
  const [value] = values;
  if (values.length !== 1 || value === undefined) return undefined;
  const filled = wanted.map((pattern) => substitute(pattern, context));
  let unknown = false;
  let any = false;
  for (const pattern of filled) {
    const equal = pattern === undefined ? undefined : compare(pattern, value);
    if (equal === undefined) unknown = true;
    else if (equal) any = true;
  }
  if (any) return negated === undefined;
  if (unknown) return undefined;
  return negated !== undefined;
}

function nullHolds(wanted: readonly string[], absent: boolean): boolean | undefined {
  const [value] = wanted;
  if (wanted.length !== 1 || (value !== "true" && value !== "false")) return undefined;
  return (value === "true") === absent;
}

function numeric(wanted: string, actual: string, compare: (w: number, a: number) => boolean): boolean | undefined {
  const w = Number(wanted);
  const a = Number(actual);
  if (wanted.trim() === "" || actual.trim() === "" || Number.isNaN(w) || Number.isNaN(a)) return undefined;
  return compare(w, a);
}

/**
 * Fills policy variables such as `${aws:PrincipalTag/team}`; undefined when one has no single value in the request.
 * Wildcards in a value match literally in IAM, which this matcher can't express: a value that holds one is refused.
 * Source: IAM User Guide, "IAM policy elements: variables and tags".
 */
export function substitute(pattern: string, context: RequestContext): string | undefined {
  let complete = true;
  const filled = pattern.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    if (name === "*" || name === "?" || name === "$") {
      complete = false;
      return "";
    }
    const values = list(context[name.toLowerCase()]);
    const [value] = values;
    if (values.length !== 1 || value === undefined || /[*?]/.test(value)) {
      complete = false;
      return "";
    }
    return value;
  });
  return complete ? filled : undefined;
}
