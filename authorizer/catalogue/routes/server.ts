import { AJAX, BOTH, ROOT } from "../surfaces.ts";
import type { Route } from "../types.ts";

export const SERVER: readonly Route[] = [
  { methods: ["GET"], path: "", surfaces: ROOT, needs: "any" },
  {
    methods: ["GET"],
    path: "2.0/mlflow/get-online-trace-details",
    surfaces: BOTH,
    closed: "always 404 outside Databricks",
  },
  { methods: ["GET"], path: "2.0/mlflow/unified-traces", surfaces: BOTH, closed: "always 404 outside Databricks" },
  {
    methods: ["POST"],
    path: "2.0mlflow/experiments/search-datasets",
    surfaces: BOTH,
    closed: "always 404 outside Databricks",
  },
  { methods: ["GET"], path: "3.0/mlflow/server-info", surfaces: BOTH, needs: "any" },
  {
    methods: ["GET", "POST"],
    path: "3.0/mlflow/ui-telemetry",
    surfaces: AJAX,
    needs: "any",
    why: "the UI asks at load; telemetry is off on the server",
  },
  {
    methods: ["GET"],
    path: "build/{filename+}",
    surfaces: ROOT,
    closed: "the same files as static-files, which the UI uses",
  },
  {
    methods: ["GET", "POST"],
    path: "graphql",
    surfaces: ROOT,
    needs: "run:read",
    why: "MLflow's schema is read-only: its two mutations are searches",
  },
  { methods: ["GET"], path: "health", surfaces: ROOT, needs: "any" },
  { methods: ["GET"], path: "static-files/{path+}", surfaces: ROOT, needs: "any" },
  { methods: ["GET"], path: "version", surfaces: ROOT, needs: "any" },

  {
    methods: ["GET"],
    path: "3.0/mlflow/assistant/config",
    surfaces: AJAX,
    needs: "any",
    why: "the UI asks at load; the assistant itself is closed",
  },
  {
    methods: ["PUT"],
    path: "3.0/mlflow/assistant/config",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
  {
    methods: ["POST"],
    path: "3.0/mlflow/assistant/message",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
  {
    methods: ["GET"],
    path: "3.0/mlflow/assistant/providers",
    surfaces: AJAX,
    needs: "any",
    why: "the UI asks at load; the assistant itself is closed",
  },
  {
    methods: ["GET"],
    path: "3.0/mlflow/assistant/providers/{provider}/health",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
  {
    methods: ["GET"],
    path: "3.0/mlflow/assistant/providers/{provider}/models",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
  {
    methods: ["PATCH"],
    path: "3.0/mlflow/assistant/sessions/{session_id}",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
  {
    methods: ["POST"],
    path: "3.0/mlflow/assistant/sessions/{session_id}/permission",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
  {
    methods: ["GET"],
    path: "3.0/mlflow/assistant/sessions/{session_id}/stream",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
  {
    methods: ["POST"],
    path: "3.0/mlflow/assistant/sessions/{session_id}/tool-result",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
  {
    methods: ["POST"],
    path: "3.0/mlflow/assistant/skills/install",
    surfaces: AJAX,
    closed: "the assistant reads files and runs commands on the server",
  },
];
