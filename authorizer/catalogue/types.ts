/** HTTP methods a route of MLflow can have. HEAD and OPTIONS, which Flask adds by itself, belong to no route: both doors refuse them (OPTIONS is answered by the browser door without MLflow). */
export const METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"] as const;
export type Method = (typeof METHODS)[number];

/** `code`: SigV4 with an assumed persona role. `browser`: a JWT of the user pool. */
export const DOORS = ["code", "browser"] as const;
export type Door = (typeof DOORS)[number];

/** What a permission is about, in MLflow's own words. */
export const ENTITIES = [
  "artifact",
  "assessment",
  "dataset",
  "experiment",
  "gateway",
  "issue",
  "job",
  "label_schema",
  "logged_model",
  "mcp_server",
  "model_version",
  "registered_model",
  "review_queue",
  "role",
  "run",
  "scorer",
  "trace",
  "user",
  "webhook",
  "workspace",
] as const;
export type Entity = (typeof ENTITIES)[number];

/** `use` spends money or runs something (AI gateway, evaluation, optimisation jobs); `approve` decides what serves; `admin` configures. */
export const EFFECTS = ["read", "write", "delete", "use", "approve", "admin"] as const;
export type Effect = (typeof EFFECTS)[number];

export type Permission = `${Entity}:${Effect}`;

/**
 * Where a route is served: below `/api/`, below `/ajax-api/` (MLflow registers most handlers twice), or at the root.
 * Source: MLflow `server/handlers.py` `_get_paths`, `_get_rest_path`, `_get_ajax_path`.
 */
export const SURFACES = ["api", "ajax-api", "root"] as const;
export type Surface = (typeof SURFACES)[number];

interface RouteBase {
  readonly methods: readonly Method[];
  /** Below the surface, without leading slash. `{x}` is one path segment, `{x+}` one or more. */
  readonly path: string;
  readonly surfaces: readonly Surface[];
  /** Only where the permission is not what method and path suggest. */
  readonly why?: string;
}

/** A route that some persona may call: `any` asks for a persona and nothing more, since no door is without login. */
export interface OpenRoute extends RouteBase {
  readonly needs: Permission | "any";
}

/** A route that nobody needs through a gateway. */
export interface ClosedRoute extends RouteBase {
  readonly closed: string;
}

export type Route = OpenRoute | ClosedRoute;

/** One method on one full path, as both doors and MLflow see it. */
export interface Endpoint {
  readonly method: Method;
  /** Full path template with its leading slash, such as `/api/2.0/mlflow/logged-models/{model_id}`. */
  readonly path: string;
  /** null: closed to all, and `closed` says why. */
  readonly needs: Permission | "any" | null;
  readonly closed?: string;
  readonly why?: string;
  /** The doors that serve it; empty when it is closed. */
  readonly doors: readonly Door[];
  /** Path of the same handler below the other prefix. */
  readonly twin?: string;
}
