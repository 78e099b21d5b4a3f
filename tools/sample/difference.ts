import type { Door } from "../../authorizer/catalogue/types.ts";

/** One route of AWS's sample (MLflow 2.12.2), with what its own documents answer. Path below `/api/2.0` or `/ajax-api/2.0`; `X` stands for an artifact's path. */
export interface SampleRow {
  readonly method: string;
  readonly path: string;
  /** persona → allowed by the sample's documents; null: the route isn't served at that door. */
  readonly code: Readonly<Record<string, boolean | null>>;
  readonly browser: Readonly<Record<string, boolean | null>>;
}

export interface Difference {
  readonly persona: string;
  readonly door: Door;
  readonly method: string;
  readonly path: string;
  /** Our answer; the sample's is the opposite. */
  readonly ours: boolean;
  /** undefined: nobody has said why. */
  readonly why: string | undefined;
}
