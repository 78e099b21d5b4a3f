import type { Surface } from "./types.ts";

/** Most handlers are registered twice: below `/api/` for code and below `/ajax-api/` for MLflow's UI. */
export const BOTH: readonly Surface[] = ["api", "ajax-api"];
export const API: readonly Surface[] = ["api"];
export const AJAX: readonly Surface[] = ["ajax-api"];
export const ROOT: readonly Surface[] = ["root"];
