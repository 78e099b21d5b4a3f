import { list, type OneOrMore, type PolicyDocument, type Statement } from "../authorizer/policy/document.ts";
import { UNKNOWN } from "./rule.ts";

/** The statements of a policy given as text or object; none while it is unknown. @throws SyntaxError where the text is no JSON */
export function statementsOf(policy: unknown): readonly Statement[] {
  if (policy === undefined || policy === UNKNOWN) return [];
  const document = (typeof policy === "string" ? JSON.parse(policy) : policy) as PolicyDocument;
  // IAM takes a single statement without brackets, too.
  return [document.Statement].flat() as readonly Statement[];
}

export function allows(policy: unknown): readonly Statement[] {
  return statementsOf(policy).filter((statement) => statement.Effect === "Allow");
}

/** How a message names a statement. */
export function titleOf(statement: Statement): string {
  return statement.Sid ? `statement ${statement.Sid}` : `the statement on ${list(statement.Action).join(", ")}`;
}

/** Condition keys of a statement, in lower case as IAM compares them. */
export function conditionKeys(statement: Statement): readonly string[] {
  return Object.values(statement.Condition ?? {}).flatMap((keys) => Object.keys(keys).map((key) => key.toLowerCase()));
}

/** Values that a statement's conditions name for a key, whatever the operator. */
export function conditionValues(statement: Statement, key: string): readonly string[] {
  return Object.values(statement.Condition ?? {}).flatMap((keys) =>
    Object.entries(keys).flatMap(([name, value]) => (name.toLowerCase() === key ? list(value) : [])),
  );
}

/** Principals of a statement as `AWS *`, `Service lambda.amazonaws.com`. */
export function principalsOf(statement: Statement): readonly { readonly kind: string; readonly id: string }[] {
  if (statement.Principal === undefined) return [];
  if (typeof statement.Principal === "string") return [{ kind: "*", id: statement.Principal }];
  return Object.entries(statement.Principal).flatMap(([kind, ids]) =>
    list(ids as OneOrMore).map((id) => ({ kind, id })),
  );
}
