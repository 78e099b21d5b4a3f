import { ENDPOINTS } from "../authorizer/catalogue/index.ts";
import type { Persona } from "../authorizer/catalogue/personas.ts";
import type { Door, Permission } from "../authorizer/catalogue/types.ts";

/** What an MLflow serves, as `docker/routes/probe.py` prints it. */
export interface Served {
  readonly mlflow: string;
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

/** A route that the catalogue doesn't know: nobody may call it, at either door, until it is classified. */
export interface Appeared {
  readonly method: string;
  readonly path: string;
  /** What the most alike known route needs, as a hint for whoever classifies it. */
  readonly like: { readonly path: string; readonly needs: Permission | "any" | null } | null;
}

/** A route of the catalogue that this MLflow doesn't serve, with who could call it. */
export interface Vanished {
  readonly method: string;
  readonly path: string;
  readonly doors: readonly Door[];
  readonly personas: readonly string[];
}

export interface RouteChanges {
  readonly mlflow: string;
  readonly known: number;
  readonly appeared: readonly Appeared[];
  readonly vanished: readonly Vanished[];
}

/** Compares what an MLflow serves with the catalogue. */
export function compareServed({ mlflow, routes }: Served, personas: readonly Persona[]): RouteChanges {
  const known = new Set(ENDPOINTS.map(named));
  const served = new Set(routes.map(named));
  return {
    mlflow,
    known: routes.filter((route) => known.has(named(route))).length,
    appeared: routes
      .filter((route) => !known.has(named(route)))
      .map(({ method, path }) => ({ method, path, like: mostAlike(method, path) })),
    vanished: ENDPOINTS.filter((endpoint) => !served.has(named(endpoint))).map(({ method, path, doors, needs }) => ({
      method,
      path,
      doors,
      personas: doors.length
        ? personas
            .filter(({ permissions }) => needs === "any" || (needs !== null && permissions.includes(needs)))
            .map(({ name }) => name)
        : [],
    })),
  };
}

/** Flask and FastAPI name a parameter as they like; its place and its width are what counts. */
function named({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path.replaceAll(/\{[^}]*?(\+?)\}/g, "{$1}")}`;
}

/** The known endpoint that shares the longest beginning, at least below `/mlflow/`; one of the same method before others. */
function mostAlike(method: string, path: string): Appeared["like"] {
  const parts = path.split("/");
  const shared = (other: string) => {
    const theirs = other.split("/");
    const differs = parts.findIndex((part, i) => part !== theirs[i]);
    return differs < 0 ? parts.length : differs;
  };
  let best: { readonly score: number; readonly like: Appeared["like"] } = { score: 9, like: null };
  for (const endpoint of ENDPOINTS) {
    const score = 2 * shared(endpoint.path) + (endpoint.method === method ? 1 : 0);
    if (score > best.score) best = { score, like: { path: endpoint.path, needs: endpoint.needs } };
  }
  return best.like;
}
