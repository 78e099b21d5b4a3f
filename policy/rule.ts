/** A resource as the program declares it, or as the engine keeps it. */
export interface Declared {
  /** Such as `aws:s3/bucket:Bucket`. */
  readonly type: string;
  readonly name: string;
  /** Inputs. In a preview an unknown one throws when it is read: see `given`. */
  readonly props: Readonly<Record<string, unknown>>;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
}

/** A fault of one resource, found in that resource alone. */
export interface Rule {
  /** Such as `method-has-authorizer`; what people write to configure it. */
  readonly name: string;
  /** What holds where the rule holds, as one sentence. */
  readonly description: string;
  /** What to do about a violation. */
  readonly remedy: string;
  /** Types of resources it looks at. */
  readonly types: readonly string[];
  /** @returns what is wrong, one sentence each; none where all is well */
  readonly check: (resource: Declared) => readonly string[];
}

/** A fault that shows only in how resources belong together. */
export interface StackRule extends Omit<Rule, "check" | "types"> {
  readonly check: (stack: DeclaredStack) => readonly StackFault[];
}

export interface DeclaredStack {
  readonly resources: readonly Declared[];
  /** Whether a property of one resource was given by the other. */
  readonly refers: (from: Declared, property: string, to: Declared) => boolean;
}

export interface StackFault {
  readonly on: Declared;
  readonly message: string;
}

/** What a property is before the cloud has said it. */
export const UNKNOWN = Symbol("unknown until it is deployed");

/** A property, or `UNKNOWN` where a preview can't know it. */
export function given(props: Readonly<Record<string, unknown>>, property: string): unknown {
  try {
    return props[property];
  } catch (error) {
    // What @pulumi/policy throws; the rules themselves stay free of it.
    if (error instanceof Error && error.constructor.name === "UnknownValueError") return UNKNOWN;
    throw error;
  }
}

/** The things of a list, of a single one, or of nothing. */
export function each(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (value === undefined || value === null || value === UNKNOWN) return [];
  return (Array.isArray(value) ? value : [value]) as readonly Readonly<Record<string, unknown>>[];
}
