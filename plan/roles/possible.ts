import { conditionsHold, type RequestContext, substitute } from "../../authorizer/policy/conditions.ts";
import { list, type PolicyDocument, type Statement } from "../../authorizer/policy/document.ts";
import type { Principal } from "../../authorizer/policy/evaluate.ts";
import { patternsMeet } from "./patterns.ts";

/** A request of which only a part is known: who asks for what. The caller chooses the rest. */
export interface Question {
  readonly action: string;
  /** ARN; `*` stands for whatever the caller writes there. */
  readonly resource: string;
  readonly principal?: Principal;
  /** Keys in lower case. A key that stands here with undefined is known to be absent; one that doesn't stand here may have any value. */
  readonly fixed: RequestContext;
}

type Answer = "yes" | "maybe" | "no";

/**
 * Whether some request that fits the question would be allowed. Errs on the side of danger: an Allow counts as soon as the caller might satisfy it, a
 * Deny only when it hits every such request.
 */
export function possible(documents: readonly PolicyDocument[], question: Question): boolean {
  const statements = documents.flatMap(({ Statement: all }) => all);
  if (statements.some((each) => each.Effect === "Deny" && applies(each, question) === "yes")) return false;
  return statements.some((each) => each.Effect === "Allow" && applies(each, question) !== "no");
}

const KNOWN = new Set([
  "Sid",
  "Effect",
  "Principal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
] satisfies (keyof Statement)[]);

function applies(statement: Statement, question: Question): Answer {
  // First what most statements fail.
  const asked = action(statement, question.action);
  if (asked === "no") return "no";
  return all([
    asked,
    Object.keys(statement).every((key) => (KNOWN as ReadonlySet<string>).has(key)) ? "yes" : "maybe",
    who(statement, question.principal),
    resource(statement, question),
    ...conditions(statement, question.fixed),
  ]);
}

function all(answers: readonly Answer[]): Answer {
  if (answers.includes("no")) return "no";
  return answers.includes("maybe") ? "maybe" : "yes";
}

function not(answer: Answer): Answer {
  return answer === "maybe" ? "maybe" : answer === "yes" ? "no" : "yes";
}

function who({ Principal: element }: Statement, principal: Principal | undefined): Answer {
  if (element === undefined || element === "*") return "yes";
  if (!principal) return "no";
  const { type, id, account, session } = principal;
  return list(element[type]).some(
    (value) =>
      value === "*" ||
      value === id ||
      value === session ||
      (type === "AWS" &&
        account !== undefined &&
        (value === account || new RegExp(`^arn:[a-z-]+:iam::${account}:root$`).test(value))),
  )
    ? "yes"
    : "no";
}

function action(statement: Statement, asked: string): Answer {
  const matches = (patterns: Statement["Action"]): Answer =>
    list(patterns).some((pattern) => patternsMeet(pattern.toLowerCase(), asked.toLowerCase())) ? "yes" : "no";
  if (statement.Action !== undefined) return matches(statement.Action);
  return statement.NotAction === undefined ? "maybe" : not(matches(statement.NotAction));
}

function resource(statement: Statement, question: Question): Answer {
  if (statement.Resource !== undefined) return named(list(statement.Resource), question);
  // A trust policy names none: it is about the role that holds it.
  return statement.NotResource === undefined ? "yes" : not(named(list(statement.NotResource), question));
}

function named(patterns: readonly string[], { resource: asked, fixed }: Question): Answer {
  const open = asked.includes("*");
  const answers = patterns.map((pattern): Answer => {
    const filled = substitute(pattern, fixed);
    if (!patternsMeet(filled ?? pattern.replaceAll(/\$\{[^}]*\}/g, "*"), asked)) return "no";
    // A resource that the caller chooses is certainly named by the pattern for everything alone.
    return filled === undefined || (open && filled !== "*") ? "maybe" : "yes";
  });
  return answers.includes("yes") ? "yes" : answers.includes("maybe") ? "maybe" : "no";
}

function conditions(statement: Statement, fixed: RequestContext): readonly Answer[] {
  return Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]): Answer => {
      if (!(key.toLowerCase() in fixed)) return "maybe";
      const values = list(wanted).filter((value) => !namesAbsent(value, fixed));
      // A variable without a value in the request makes a comparison fail.
      if (values.length === 0 && !/Not|Null|IfExists|ForAllValues/.test(operator)) return "no";
      const held = conditionsHold({ [operator]: { [key]: list(wanted) } }, fixed);
      return held === undefined ? "maybe" : held ? "yes" : "no";
    }),
  );
}

function namesAbsent(value: string, fixed: RequestContext): boolean {
  return [...value.matchAll(/\$\{([^}]*)\}/g)].some(([, name = ""]) => {
    const key = name.toLowerCase();
    return key in fixed && fixed[key] === undefined;
  });
}
