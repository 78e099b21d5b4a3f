import type { Endpoint } from "../../authorizer/catalogue/types.ts";
import type { Plan } from "../plan.ts";

/** What the diff needs of a route of MLflow; as each revision ships it in `docker/gatehouse_mlflow/catalogue.json`. */
export type RouteRow = Pick<Endpoint, "method" | "path" | "needs">;

/** One side of a comparison: the stacks of one revision, or of one deployed state. */
export interface Side {
  /** How a person names it: a git ref, a file, `deployed state`. */
  readonly label: string;
  readonly plans: readonly Plan[];
  /** Routes of MLflow as this side classifies them. */
  readonly routes: readonly RouteRow[];
  /** What this side can't say, each as a sentence; a gain behind it can't be excluded. */
  readonly unknown: readonly string[];
  /** What was completed from elsewhere, and on what ground. */
  readonly notes: readonly string[];
}

/** One thing that somebody may do. Two sides are compared by `key`. */
export interface Fact {
  readonly key: string;
  readonly area: Area;
  /** Who: a role, a group, a principal, in people's words. */
  readonly who: string;
  /** What he may, in MLflow's or IAM's words. */
  readonly may: string;
  /** The routes, statements or values behind it. */
  readonly evidence: string;
  /** Facts that differ in nothing but their condition share this. */
  readonly family?: string;
  /** Condition of a statement as canonical JSON; `{}` is none. */
  readonly condition?: string;
}

/** In the order in which they are shown. */
export const AREAS = ["call", "trust", "tenant", "door", "statement"] as const;
export type Area = (typeof AREAS)[number];
