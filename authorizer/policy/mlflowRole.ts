import type { Persona } from "../catalogue/personas.ts";
import type { Entity, Permission } from "../catalogue/types.ts";

/** MLflow's own levels, each holding those before it. Source: MLflow `server/auth/permissions.py`. */
type Level = "READ" | "USE" | "EDIT" | "MANAGE";

/** What MLflow's RBAC grants a persona inside one workspace: resource type → level, on every object (pattern `*`). */
export interface MlflowRole {
  readonly mlflow: Readonly<Record<string, Level>>;
  /** MLflow's `is_admin`, which crosses workspaces. */
  readonly isAdmin: boolean;
  /** Checked per request by our package in MLflow: levels alone would let an owner approve his own model. */
  readonly permissions: readonly Permission[];
}

/** MLflow decides on runs, traces, logged models and the like by the experiment that holds them. Source: MLflow `server/auth/__init__.py`, validators. */
const IN_EXPERIMENT: readonly Entity[] = [
  "artifact",
  "assessment",
  "dataset",
  "experiment",
  "issue",
  "job",
  "label_schema",
  "logged_model",
  "review_queue",
  "run",
  "trace",
];
const IN_MODEL: readonly Entity[] = ["registered_model", "model_version"];

/**
 * Maps a persona to a role of MLflow's RBAC, which answers per object what the gateway can't see.
 *
 * Deleting one's own things needs no MANAGE on everybody's: MLflow gives it to the creator of an experiment or model. Approving does: MLflow asks for
 * MANAGE to delete an alias or a version's tag.
 */
export function mlflowRole(persona: Persona): MlflowRole {
  const { permissions } = persona;
  if (permissions.includes("workspace:admin")) return { mlflow: {}, isAdmin: true, permissions };
  if (permissions.includes("role:admin")) return { mlflow: { workspace: "MANAGE" }, isAdmin: false, permissions };
  const model = level(persona, IN_MODEL, ["registered_model:delete", "model_version:delete", "registered_model:admin"]);
  const gateway = level(persona, ["gateway"], ["gateway:admin"]);
  const levels: Record<string, Level | undefined> = {
    experiment: level(persona, IN_EXPERIMENT, ["experiment:delete", "trace:delete", "artifact:delete"]),
    registered_model: model,
    prompt: model,
    scorer: level(persona, ["scorer"], ["scorer:delete", "scorer:admin"]),
    mcp_server: level(persona, ["mcp_server"], ["mcp_server:delete"]),
    gateway_endpoint: gateway,
    gateway_model_definition: gateway,
    // USE of the workspace is what lets a person create experiments and models in it.
    workspace: mayCreate(persona) ? "USE" : undefined,
  };
  const granted = Object.entries(levels).filter((entry): entry is [string, Level] => entry[1] !== undefined);
  return { mlflow: Object.fromEntries(granted), isAdmin: false, permissions };
}

function level(persona: Persona, entities: readonly Entity[], manage: readonly Permission[]): Level | undefined {
  const effects = new Set(
    persona.permissions
      .map((permission) => permission.split(":"))
      .filter(([entity]) => entities.some((known) => known === entity))
      .map(([, effect]) => effect),
  );
  if (effects.has("approve") || manage.some((permission) => persona.permissions.includes(permission))) return "MANAGE";
  if (effects.has("write")) return "EDIT";
  if (effects.has("use")) return "USE";
  return effects.has("read") ? "READ" : undefined;
}

function mayCreate(persona: Persona): boolean {
  return persona.permissions.includes("experiment:write") || persona.permissions.includes("registered_model:write");
}
