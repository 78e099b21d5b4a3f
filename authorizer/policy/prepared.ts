import { list, type Statement } from "./document.ts";
import { arnMatches } from "./glob.ts";

/** A pattern with a wildcard, and what a match must begin and end with: comparing these first leaves few patterns to match. */
interface Pattern {
  readonly text: string;
  readonly head: string;
  readonly tail: string;
}

/** Patterns by what they begin with, as far as all of them are literal: a document's patterns share an API, and few share a method and prefix as well. */
interface PatternIndex {
  readonly length: number;
  readonly byStart: ReadonlyMap<string, readonly Pattern[]>;
}

/** What of a statement doesn't depend on the request, worked out once. */
export interface PreparedStatement {
  /** It holds an element that IAM may know and we don't. */
  readonly odd: boolean;
  /** Of Action or NotAction, in lower case. Source: IAM User Guide, "Action": compared without regard to case. */
  readonly actions: readonly string[];
  /** ARNs of Resource or NotResource without wildcard and variable. */
  readonly exact: ReadonlySet<string>;
  readonly patterns: PatternIndex;
  /** With a policy variable: filled in for each request. */
  readonly variable: readonly string[];
}

const ELEMENTS = new Set(["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"]);

const known = new WeakMap<Statement, PreparedStatement>();

/** A statement is never changed once it is part of a document, so the work is kept for as long as it lives. */
export function prepared(statement: Statement): PreparedStatement {
  const before = known.get(statement);
  if (before) return before;
  const resources = list(statement.Resource ?? statement.NotResource);
  const variable = resources.filter((resource) => resource.includes("${"));
  const fixed = resources.filter((resource) => !resource.includes("${"));
  const made: PreparedStatement = {
    odd: Object.keys(statement).some((element) => !ELEMENTS.has(element)),
    actions: list(statement.Action ?? statement.NotAction).map((action) => action.toLowerCase()),
    // What is no ARN matches nothing, not even itself.
    exact: new Set(fixed.filter((resource) => !isPattern(resource) && arnMatches(resource, resource))),
    patterns: indexed(fixed.filter(isPattern)),
    variable,
  };
  known.set(statement, made);
  return made;
}

/** Whether a fixed resource of the statement matches. */
export function fixedMatches({ exact, patterns }: PreparedStatement, resource: string): boolean {
  if (exact.has(resource)) return true;
  const candidates = patterns.byStart.get(resource.slice(0, patterns.length)) ?? [];
  return candidates.some(
    ({ text, head, tail }) => resource.startsWith(head) && resource.endsWith(tail) && arnMatches(text, resource),
  );
}

function indexed(texts: readonly string[]): PatternIndex {
  const patterns = texts.map((text) => ({
    text,
    head: text.slice(0, text.search(/[*?]/)),
    tail: /[^*?]*$/.exec(text)?.[0] ?? "",
  }));
  const length = Math.min(...patterns.map(({ head }) => head.length));
  return { length, byStart: Map.groupBy(patterns, ({ head }) => head.slice(0, length)) };
}

function isPattern(resource: string): boolean {
  return /[*?]/.test(resource);
}
