import { AJAX, BOTH } from "../surfaces.ts";
import type { Route } from "../types.ts";

export const EXPERIMENTS: readonly Route[] = [
  { methods: ["POST"], path: "2.0/mlflow/experiments/create", surfaces: BOTH, needs: "experiment:write" },
  { methods: ["POST"], path: "2.0/mlflow/experiments/delete", surfaces: BOTH, needs: "experiment:delete" },
  {
    methods: ["POST"],
    path: "2.0/mlflow/experiments/delete-experiment-tag",
    surfaces: BOTH,
    needs: "experiment:write",
  },
  { methods: ["GET"], path: "2.0/mlflow/experiments/get", surfaces: BOTH, needs: "experiment:read" },
  { methods: ["GET"], path: "2.0/mlflow/experiments/get-by-name", surfaces: BOTH, needs: "experiment:read" },
  {
    methods: ["POST"],
    path: "2.0/mlflow/experiments/restore",
    surfaces: BOTH,
    needs: "experiment:delete",
    why: "undoes a deletion, so it belongs to whoever may delete",
  },
  { methods: ["GET"], path: "2.0/mlflow/experiments/search", surfaces: BOTH, needs: "experiment:read" },
  {
    methods: ["POST"],
    path: "2.0/mlflow/experiments/search",
    surfaces: BOTH,
    needs: "experiment:read",
    why: "a search sent as POST",
  },
  {
    methods: ["POST"],
    path: "2.0/mlflow/experiments/search-datasets",
    surfaces: AJAX,
    needs: "experiment:read",
    why: "a search sent as POST",
  },
  { methods: ["POST"], path: "2.0/mlflow/experiments/set-experiment-tag", surfaces: BOTH, needs: "experiment:write" },
  { methods: ["POST"], path: "2.0/mlflow/experiments/update", surfaces: BOTH, needs: "experiment:write" },
  {
    methods: ["POST"],
    path: "3.0/mlflow/demo/delete",
    surfaces: AJAX,
    closed: "demo data has no place in a registry that people rely on",
  },
  {
    methods: ["POST"],
    path: "3.0/mlflow/demo/generate",
    surfaces: AJAX,
    closed: "demo data has no place in a registry that people rely on",
  },
  {
    methods: ["POST"],
    path: "3.0/mlflow/genai/evaluate/invoke",
    surfaces: AJAX,
    needs: "experiment:use",
    why: "calls a model and spends money",
  },
  {
    methods: ["POST"],
    path: "3.0/mlflow/issues/invoke",
    surfaces: AJAX,
    needs: "experiment:use",
    why: "calls a model and spends money",
  },
];
