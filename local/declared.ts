import type { PolicyDocument } from "../authorizer/policy/document.ts";
import { type Plan, PlanFitError, type Resource } from "../plan/plan.ts";

/** An object out of a plan, whose shape only the provider's types promise. */
export type Declared = Readonly<Record<string, unknown>>;

export function declared(value: unknown): Declared {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Declared) : {};
}

export function declaredList(value: unknown): readonly Declared[] {
  return Array.isArray(value) ? value.map(declared) : [];
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The entries of an object whose values are strings. */
export function stringMap(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(declared(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

export function stringList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The one resource of a type that a name or id stands for; without one, the only resource of that type. @throws when there isn't exactly one */
export function oneOf(plan: Plan, type: string, nameOrId?: string): Resource {
  const all = plan.resources.filter((resource) => resource.type === type);
  const matching =
    nameOrId === undefined
      ? all
      : all.filter(
          (resource) => resource.id === nameOrId || resource.name === nameOrId || resource.state.name === nameOrId,
        );
  const [only] = matching;
  if (only && matching.length === 1) return only;
  const wanted = nameOrId === undefined ? `one ${type}` : `one ${type} called "${nameOrId}"`;
  const found = all.map((resource) => resource.name).join(", ") || "none";
  throw new PlanFitError(`stack ${plan.stack} must declare ${wanted}; it declares: ${found}`);
}

/** A policy document from its JSON text. @throws when it isn't one: what can't be read must not count as "nothing denied" */
export function policyDocument(json: unknown, where: string): PolicyDocument {
  const parsed: unknown = typeof json === "string" ? parse(json, where) : json;
  const { Version: version, Statement: statement } = declared(parsed);
  if (version !== "2012-10-17") throw new PlanFitError(`${where}: the policy's Version must be 2012-10-17`);
  // IAM takes a single statement without its list.
  const statements = Array.isArray(statement) ? statement : [statement];
  if (!statements.every((one) => ["Allow", "Deny"].includes(stringOf(declared(one).Effect) ?? "")))
    throw new PlanFitError(`${where}: every statement needs an Effect, Allow or Deny`);
  return { Version: version, Statement: statements as PolicyDocument["Statement"] };
}

function parse(json: string, where: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new PlanFitError(`${where}: the policy is not JSON`);
  }
}
