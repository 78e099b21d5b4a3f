import type { RouteRow } from "./side.ts";

const VERBS: Readonly<Record<string, string>> = {
  read: "read",
  write: "write",
  delete: "delete",
  use: "use",
  approve: "approve",
  admin: "administer",
};

const PLURALS: Readonly<Record<string, string>> = {
  gateway: "the AI gateway",
  registered_model: "registered models",
  model_version: "model versions",
  mcp_server: "MCP servers",
  review_queue: "review queues",
};

/** A permission of the catalogue as people say it: `run:delete` is "delete runs". */
export function permissionWords(needs: RouteRow["needs"]): string {
  if (needs === null) return "call routes that the catalogue closes";
  if (needs === "any") return "call what every persona may";
  const [entity = "", effect = ""] = needs.split(":");
  return `${VERBS[effect] ?? effect} ${PLURALS[entity] ?? `${entity.replaceAll("_", " ")}s`}`;
}

/** A persona's people: `scientists`, `approvers`. */
export function peopleOf(persona: string): string {
  return persona.endsWith("s") ? persona : `${persona}s`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
