import { ENDPOINTS } from "../authorizer/catalogue/index.ts";
import type { Persona } from "../authorizer/catalogue/personas.ts";
import type { Door, Endpoint } from "../authorizer/catalogue/types.ts";
import { evaluate, type Verdict } from "../authorizer/policy/evaluate.ts";
import type { DeclaredAccess } from "./documents.ts";

/** Who may call one endpoint, by the declared documents. */
export interface MatrixRow {
  readonly endpoint: Endpoint;
  /** door → persona → allowed; both doors are always answered, served or not. */
  readonly allowed: Readonly<Record<Door, Readonly<Record<string, boolean>>>>;
}

/** Evaluates every endpoint for every persona at both doors against the documents that the program declares. */
export function matrix(access: DeclaredAccess): readonly MatrixRow[] {
  return ENDPOINTS.map((endpoint) => {
    const path = examplePath(endpoint);
    const at = (door: Door) =>
      Object.fromEntries(
        access.personas.map((persona) => [
          persona.name,
          decide(access, door, [persona], endpoint.method, path).effect === "allow",
        ]),
      );
    return { endpoint, allowed: { code: at("code"), browser: at("browser") } };
  });
}

/**
 * What API Gateway decides for one call.
 *
 * @param path canonical path below the stage, with its leading slash
 */
export function decide(
  access: DeclaredAccess,
  door: Door,
  personas: readonly Persona[],
  method: string,
  path: string,
): Verdict {
  return evaluate(access.documents(door, personas), {
    action: "execute-api:Invoke",
    resource: `${access.stageArns[door]}/${method}${path}`,
    context: {},
  });
}

/** A path that the endpoint's template stands for. */
export function examplePath(endpoint: Endpoint): string {
  return endpoint.path.replaceAll(/\{[^}]+\}/g, (parameter) => (parameter.endsWith("+}") ? "a/b.c" : "a1"));
}
