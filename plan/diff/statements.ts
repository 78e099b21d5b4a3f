import { list, type PolicyDocument, type Statement } from "../../authorizer/policy/document.ts";

/** One action on one resource by one principal, out of a policy document. */
export interface Grant {
  readonly effect: "Allow" | "Deny";
  /** `NotAction` and `NotResource` are written with a leading `not `. */
  readonly action: string;
  readonly resource: string;
  /** `*`, `AWS arn:…`, or `-` in a policy of an identity. */
  readonly principal: string;
  /** Canonical JSON of the condition; `{}` is none. */
  readonly condition: string;
}

/** A document taken apart, so that adding one action to a list shows as one gain. */
export function grantsOf(document: PolicyDocument): readonly Grant[] {
  return document.Statement.flatMap((statement) => {
    const condition = canonical(statement.Condition ?? {});
    return actions(statement).flatMap((action) =>
      resources(statement).flatMap((resource) =>
        principals(statement).map((principal) => ({
          effect: statement.Effect,
          action,
          resource,
          principal,
          condition,
        })),
      ),
    );
  });
}

function actions({ Action, NotAction }: Statement): readonly string[] {
  return NotAction === undefined ? list(Action) : [`not ${list(NotAction).join(", ")}`];
}

function resources({ Resource, NotResource }: Statement): readonly string[] {
  if (NotResource !== undefined) return [`not ${list(NotResource).join(", ")}`];
  return Resource === undefined ? ["-"] : list(Resource);
}

function principals(statement: Statement): readonly string[] {
  const { Principal } = statement;
  // An element that we don't know may widen the statement: it is shown as it stands.
  if ("NotPrincipal" in statement) return [`not ${canonical(statement.NotPrincipal)}`];
  if (Principal === undefined) return ["-"];
  if (typeof Principal === "string") return [Principal];
  return Object.entries(Principal).flatMap(([kind, names]) => list(names).map((name) => `${kind} ${name}`));
}

/** JSON with sorted keys, and lists of one as their value: two spellings of one condition are one text. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? sorted(value[0]) : value.map(sorted).sort(byText);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)] as const),
  );
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/**
 * Whether a condition only adds to another: every operator and key of `base` stands in `head` with the same values. Values of one key are
 * alternatives, so fewer of them are narrower, but only for operators that don't negate.
 */
export function narrower(head: string, base: string): boolean {
  const [added, kept] = [parse(head), parse(base)];
  return Object.entries(kept).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => {
      const now = added[operator]?.[key];
      if (now === undefined) return false;
      if (canonical(now) === canonical(values)) return true;
      const few = new Set(list(now));
      return !/Not|Null|IfExists|ForAllValues/.test(operator) && [...few].every((each) => list(values).includes(each));
    }),
  );
}

function parse(condition: string): Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> {
  return JSON.parse(condition) as Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
