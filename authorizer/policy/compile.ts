import { endpointsOf } from "../catalogue/index.ts";
import type { Persona } from "../catalogue/personas.ts";
import type { Door, Endpoint } from "../catalogue/types.ts";
import { AUTHORIZER_ARN_CHARACTERS, MANAGED_POLICY_CHARACTERS, type PolicyDocument, policySize } from "./document.ts";
import { globMatches } from "./glob.ts";

/** Whether a persona may call an endpoint, as the catalogue says. Documents are compiled from this and proved against it. */
export function mayCall(persona: Persona, endpoint: Endpoint): boolean {
  if (endpoint.needs === null) return false;
  return endpoint.needs === "any" || persona.permissions.includes(endpoint.needs);
}

/**
 * What a persona may call at the `code` door, as managed policies of at most 6,144 characters each.
 *
 * Paths are exact and `*` stands only for a path parameter, so a route that a later MLflow adds is not granted by chance.
 *
 * @param stageArn `arn:<partition>:execute-api:<region>:<account>:<api id>/<stage>`
 * @returns documents in a stable order; none for a persona that may call nothing
 */
export function codeDocuments(persona: Persona, stageArn: string): readonly PolicyDocument[] {
  const documents: PolicyDocument[] = [];
  let resources: string[] = [];
  let size = policySize(allow([]));
  for (const resource of resourcesOf([persona], "code", stageArn)) {
    const added = JSON.stringify(resource).length + 1;
    if (size + added > MANAGED_POLICY_CHARACTERS) {
      documents.push(allow(resources));
      resources = [];
      size = policySize(allow([]));
    }
    resources.push(resource);
    size += added;
  }
  return resources.length ? [...documents, allow(resources)] : documents;
}

/**
 * What a session with these personas may call at the `browser` door: the whole API in one document, so that API Gateway may keep it for every later
 * path of the same token. An explicit deny of everything when there is no persona.
 *
 * @param stageArn as for `codeDocuments`
 */
export function browserDocument(personas: readonly Persona[], stageArn: string): PolicyDocument {
  const resources = resourcesOf(personas, "browser", stageArn);
  if (resources.length) return allow(resources);
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Action: "execute-api:Invoke", Resource: `${stageArn}/*` }],
  };
}

/**
 * A path template as the end of an execute-api ARN. Source: API Gateway guide, "Control access … using IAM policies to invoke an API".
 *
 * @returns such as `GET/api/2.0/mlflow/logged-models/*`
 */
export function arnPath(endpoint: Endpoint): string {
  return `${endpoint.method}${endpoint.path.replaceAll(/\{[^}]+\}/g, "*")}`;
}

function resourcesOf(personas: readonly Persona[], door: Door, stageArn: string): readonly string[] {
  const granted = endpointsOf(door).filter((endpoint) => personas.some((persona) => mayCall(persona, endpoint)));
  const paths = [...new Set(granted.map(arnPath))].sort();
  const globs = paths.filter((path) => path.includes("*"));
  // A pattern inside a granted wider one adds nothing: a star of the narrow one is matched by a star of the wide one alone.
  const needed = paths.filter((path) => !globs.some((glob) => glob !== path && globMatches(glob, path)));
  return needed.map((path) => withinLimit(`${stageArn}/${path}`));
}

function withinLimit(arn: string): string {
  if (arn.length <= AUTHORIZER_ARN_CHARACTERS) return arn;
  throw new Error(`the resource \`${arn}\` is longer than API Gateway's ${AUTHORIZER_ARN_CHARACTERS} characters`);
}

function allow(resources: readonly string[]): PolicyDocument {
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: resources }],
  };
}
