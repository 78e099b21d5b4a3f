import type { Config } from "./config.ts";
import type { Refused } from "./messages.ts";

/** What a route needs: made from the catalogue by the build. `{x}` is one segment, `{x+}` one or more. */
type RouteNeeds = readonly (readonly [method: string, path: string, needs: string | null])[];

/** Calls that MLflow's UI makes by itself: nobody asked for them, nobody misses them. */
const UNASKED =
  /^\/ajax-api\/3\.0\/mlflow\/(?:ui-telemetry|assistant)(?:\/|$)|^\/ajax-api\/[\d.]+\/mlflow\/gateway-proxy$/;

let needs: Promise<RouteNeeds> | undefined;

/** What is said of a refused call: what, why, who can. undefined where nobody asked for the call. */
export async function refusalWords(
  refusal: Refused,
  config: Config,
  personas: readonly string[],
): Promise<string | undefined> {
  if (UNASKED.test(refusal.path)) return undefined;
  needs ??= fetch("needs.json").then((response) => response.json() as Promise<RouteNeeds>);
  const rows = await needs.catch((): RouteNeeds => []);
  const row = rows.find(([method, path]) => method === refusal.method && matches(path, refusal.path));
  const need = row?.[2];
  const reason = refusal.message && `${refusal.message.replace(/\.$/, "")}.`;
  if (row && need === null) return `Not allowed: this call is closed for everybody. ${reason}`;
  if (typeof need !== "string" || need === "any") return `Not allowed. ${reason}`;
  const [entity = "", effect = ""] = need.split(":");
  const what = `${effect} ${entity.replaceAll("_", " ")}`;
  const able = (config.personas ?? []).filter((persona) => persona.permissions.includes(need)).map(({ name }) => name);
  const mine = personas.length ? `You are ${personas.join(", ")}. ` : "";
  if (able.some((name) => personas.includes(name))) return `Not allowed here: ${what}. ${reason}`;
  return `Not allowed: ${what}. ${mine}${able.length ? `Who can: ${able.join(", ")}.` : `Nobody here can.`}`;
}

function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split(/(\{[^}]+\})/)
    .map((part) =>
      part.startsWith("{") ? (part.endsWith("+}") ? ".+" : "[^/]+") : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    )
    .join("");
  return new RegExp(`^${source}$`).test(path);
}
