/** One resource as the program declares it. */
export interface Resource {
  readonly urn: string;
  /** Type token, such as `aws:apigateway/restApi:RestApi`. */
  readonly type: string;
  /** Name in the program, not in AWS. */
  readonly name: string;
  readonly id: string;
  /** URN of the component that holds it. */
  readonly parent: string | null;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Inputs, and what AWS would add: ARNs, ids and addresses that are made up, but the same in every run. */
  readonly state: Readonly<Record<string, unknown>>;
}

/** What one stack declares, read from a run of the program without cloud or CLI. */
export interface Plan {
  readonly project: string;
  readonly stack: string;
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Values that the program marked as secret, wherever they occur. */
  readonly secrets: readonly string[];
}

/** Resources of one type, in the order of declaration. */
export function ofType(plan: Plan, type: string): readonly Resource[] {
  return plan.resources.filter((resource) => resource.type === type);
}

/** The plan as text for people: every secret replaced. */
export function printable(plan: Plan): string {
  const { secrets, ...rest } = plan;
  return JSON.stringify(
    rest,
    (_, value: unknown) =>
      typeof value === "string" && secrets.some((secret) => value.includes(secret)) ? "[secret]" : value,
    2,
  );
}

/** A plan lacks what reads it needs. */
export class PlanFitError extends Error {
  override readonly name = "PlanFitError";
}

/** A string property of a resource's state. @throws PlanFitError when the program declares none */
export function text(resource: Resource, property: string): string {
  const value = resource.state[property];
  if (typeof value === "string") return value;
  throw new PlanFitError(`${resource.name} (${resource.type}) declares no \`${property}\``);
}
