import { ENDPOINTS } from "./index.ts";
import type { Door, Method, Permission } from "./types.ts";

/** One endpoint as other languages read it; `{x}` is one segment of the path, `{x+}` one or more. */
export interface ExportedEndpoint {
  readonly method: Method;
  readonly path: string;
  /** null: closed to all. */
  readonly needs: Permission | "any" | null;
  readonly doors: readonly Door[];
}

/** The catalogue as data, in a stable order, for the package inside MLflow. */
export function exportedCatalogue(): readonly ExportedEndpoint[] {
  return ENDPOINTS.map(({ method, path, needs, doors }) => ({ method, path, needs, doors })).sort((a, b) =>
    `${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1,
  );
}

/** Templates below `/ajax-api/` that the `code` door serves as they are; every other one has its twin below `/api/` there. For the proxy in Jupyter. */
export function exportedAjaxPaths(): readonly string[] {
  const served = ENDPOINTS.filter(({ path, doors }) => path.startsWith("/ajax-api/") && doors.includes("code"));
  return [...new Set(served.map(({ path }) => path))].sort();
}
