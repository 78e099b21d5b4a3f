import type { Route } from "../types.ts";
import { ACCESS } from "./access.ts";
import { AI_GATEWAY } from "./aiGateway.ts";
import { ARTIFACTS } from "./artifacts.ts";
import { EVALUATION } from "./evaluation.ts";
import { EXPERIMENTS } from "./experiments.ts";
import { MCP_SERVERS } from "./mcpServers.ts";
import { MODELS } from "./models.ts";
import { RUNS } from "./runs.ts";
import { SERVER } from "./server.ts";
import { TRACES } from "./traces.ts";

/** Every route of MLflow, once. The only place where a path of MLflow is written. */
export const ROUTES: readonly Route[] = [
  ...SERVER,
  ...EXPERIMENTS,
  ...RUNS,
  ...TRACES,
  ...MODELS,
  ...ARTIFACTS,
  ...EVALUATION,
  ...MCP_SERVERS,
  ...AI_GATEWAY,
  ...ACCESS,
];
