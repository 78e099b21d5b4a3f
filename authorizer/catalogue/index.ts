import { PathTable } from "./match.ts";
import { ROUTES } from "./routes/index.ts";
import type { Door, Endpoint, Method, Route, Surface } from "./types.ts";

/** Every method of every route, as MLflow serves it: about 540 for MLflow 3.17. */
export const ENDPOINTS: readonly Endpoint[] = ROUTES.flatMap(endpointsOfRoute);

const TABLE = new PathTable(ENDPOINTS);

/** The open endpoints that a door serves. */
export function endpointsOf(door: Door): readonly Endpoint[] {
  return ENDPOINTS.filter((endpoint) => endpoint.doors.includes(door));
}

/**
 * The endpoint that MLflow would answer with, or undefined for a path it doesn't serve.
 *
 * @param path canonical path without query, as on the request line
 */
export function matchEndpoint(method: string, path: string): Endpoint | undefined {
  return TABLE.match(method, path);
}

function endpointsOfRoute(route: Route): Endpoint[] {
  return route.surfaces.flatMap((surface) => route.methods.map((method) => endpoint(route, surface, method)));
}

function endpoint(route: Route, surface: Surface, method: Method): Endpoint {
  const twin = twinOf(route, surface);
  const needs = "closed" in route ? null : route.needs;
  return {
    method,
    path: fullPath(route, surface),
    needs,
    doors: needs === null ? [] : doorsOf(surface, twin !== undefined),
    ...("closed" in route ? { closed: route.closed } : {}),
    ...(route.why === undefined ? {} : { why: route.why }),
    ...(twin === undefined ? {} : { twin: fullPath(route, twin) }),
  };
}

/**
 * Code calls `/api/`, MLflow's UI calls `/ajax-api/`. What has no twin is served at both doors: spans, the AI gateway and `/version` for code,
 * and for the UI's tab in Studio, which comes by SigV4, all that the UI alone uses.
 */
function doorsOf(surface: Surface, hasTwin: boolean): readonly Door[] {
  if (surface === "api") return ["code"];
  return surface === "ajax-api" && hasTwin ? ["browser"] : ["code", "browser"];
}

function twinOf(route: Route, surface: Surface): Surface | undefined {
  const other = surface === "api" ? "ajax-api" : surface === "ajax-api" ? "api" : undefined;
  return other !== undefined && route.surfaces.includes(other) ? other : undefined;
}

function fullPath(route: Route, surface: Surface): string {
  return surface === "root" ? `/${route.path}` : `/${surface}/${route.path}`;
}
