import { ENDPOINTS, endpointsOf } from "../authorizer/catalogue/index.ts";
import type { Persona } from "../authorizer/catalogue/personas.ts";
import { DOORS, type Door, type Endpoint } from "../authorizer/catalogue/types.ts";
import { arnPath, mayCall } from "../authorizer/policy/compile.ts";
import {
  AUTHORIZER_ARN_CHARACTERS,
  list,
  MANAGED_POLICIES_PER_ROLE,
  MANAGED_POLICY_CHARACTERS,
  type PolicyDocument,
  policySize,
} from "../authorizer/policy/document.ts";
import type { DeclaredAccess } from "./documents.ts";
import { meet } from "./languages.ts";
import { type MatrixRow, matrix } from "./matrix.ts";

/**
 * Proves that the declared documents grant exactly what the catalogue says, and that both doors agree.
 *
 * @returns every fault as a sentence; none means proved
 */
export function prove(access: DeclaredAccess): readonly string[] {
  const rows = matrix(access);
  return [
    ...overlapFaults(),
    ...access.personas.flatMap((persona) =>
      DOORS.flatMap((door) => [...documentFaults(access, persona, door), ...grantFaults(access, persona, door, rows)]),
    ),
    ...doorFaults(rows),
  ];
}

/** Two open routes whose paths can coincide must need the same, else MLflow's choice between them would decide access. */
export function overlapFaults(endpoints: readonly Endpoint[] = ENDPOINTS): readonly string[] {
  return endpoints.flatMap((one, i) =>
    endpoints.slice(i + 1).flatMap((other) => {
      if (one.method !== other.method || one.needs === other.needs) return [];
      if (one.needs === null || other.needs === null) return [];
      if (literalWins(one, other) || !meet(language(one), language(other))) return [];
      return [`${named(one)} needs ${one.needs} and ${named(other)} needs ${other.needs}, though one path can be both`];
    }),
  );
}

/** Both routers prefer a literal segment to a parameter, so `traces/get` is never read as `traces/{trace_id}`; a policy's star still spans both, which `grantFaults` sees. */
function literalWins(one: Endpoint, other: Endpoint): boolean {
  return !one.path.includes("{") || !other.path.includes("{");
}

function documentFaults(access: DeclaredAccess, persona: Persona, door: Door): readonly string[] {
  const documents = access.documents(door, [persona]);
  const where = `${persona.name} at the ${door} door`;
  const faults = documents.flatMap((document) => shapeFaults(document, access.stageArns[door], door));
  if (door === "code") {
    const sizes = documents.map(policySize).filter((size) => size > MANAGED_POLICY_CHARACTERS);
    faults.push(
      ...sizes.map((size) => `a managed policy has ${size} characters, more than ${MANAGED_POLICY_CHARACTERS}`),
    );
    if (documents.length > MANAGED_POLICIES_PER_ROLE)
      faults.push(`${documents.length} managed policies, more than the ${MANAGED_POLICIES_PER_ROLE} of a role`);
  }
  return faults.map((fault) => `${where}: ${fault}`);
}

function shapeFaults(document: PolicyDocument, stageArn: string, door: Door): string[] {
  const exact = new Set(endpointsOf(door).map((endpoint) => `${stageArn}/${arnPath(endpoint)}`));
  return document.Statement.flatMap((statement) => {
    if (statement.Effect !== "Allow") return [];
    const faults: string[] = [];
    if (list(statement.Action).join() !== "execute-api:Invoke" || statement.NotAction || statement.NotResource)
      faults.push("a statement allows something else than execute-api:Invoke on named resources");
    for (const resource of list(statement.Resource)) {
      if (!resource.startsWith(`${stageArn}/`)) faults.push(`\`${resource}\` is not below ${stageArn}`);
      else if (!exact.has(resource)) faults.push(`\`${resource}\` is not the exact path of a route of this door`);
      if (resource.length > AUTHORIZER_ARN_CHARACTERS) faults.push(`\`${resource}\` is too long`);
    }
    return faults;
  });
}

function grantFaults(
  access: DeclaredAccess,
  persona: Persona,
  door: Door,
  rows: readonly MatrixRow[],
): readonly string[] {
  const prefix = `${access.stageArns[door]}/`;
  const granted = access
    .documents(door, [persona])
    .flatMap((document) => document.Statement)
    .filter((statement) => statement.Effect === "Allow")
    .flatMap((statement) => list(statement.Resource))
    .map((resource) => (resource.startsWith(prefix) ? resource.slice(prefix.length) : resource));
  return rows.flatMap(({ endpoint, allowed }) => {
    const wanted = endpoint.doors.includes(door) && mayCall(persona, endpoint);
    const where = `${persona.name} at the ${door} door: ${named(endpoint)}`;
    if (wanted !== allowed[door][persona.name])
      return [
        `${where} is ${wanted ? "refused" : "allowed"}, against the catalogue (needs ${endpoint.needs ?? "nothing: closed"})`,
      ];
    if (wanted) return [];
    return granted
      .filter((resource) => meet(resource, language(endpoint)))
      .filter((resource) => !servedByGranted(resource, endpoint, persona, door))
      .map((resource) => `${where} is not granted, but \`${resource}\` admits a path of it`);
  });
}

/**
 * A literal route inside a parameter's place: `traces/get` in `traces/{trace_id}`. The path is admitted only if the literal route needs the same, so a
 * pattern that reaches an ungranted literal is a fault; one that an ungranted *template* reaches through a granted literal is not.
 */
function servedByGranted(resource: string, endpoint: Endpoint, persona: Persona, door: Door): boolean {
  if (resource.includes("*") || !endpoint.path.includes("{")) return false;
  return ENDPOINTS.some(
    (other) => language(other) === resource && other.doors.includes(door) && mayCall(persona, other),
  );
}

function doorFaults(rows: readonly MatrixRow[]): readonly string[] {
  const byPath = new Map(rows.map((row) => [`${row.endpoint.method} ${row.endpoint.path}`, row]));
  return rows.flatMap(({ endpoint, allowed }) => {
    const twin = endpoint.twin === undefined ? undefined : byPath.get(`${endpoint.method} ${endpoint.twin}`);
    if (endpoint.twin !== undefined && !twin)
      return [`${named(endpoint)}: its twin ${endpoint.twin} is not in the catalogue`];
    return Object.keys(allowed.code).flatMap((persona) => {
      const both = endpoint.doors.length === 2 && allowed.code[persona] !== allowed.browser[persona];
      const twins =
        twin !== undefined &&
        endpoint.doors.join() === "code" &&
        allowed.code[persona] !== twin.allowed.browser[persona];
      return both || twins ? [`${persona}: the doors disagree on ${named(endpoint)}`] : [];
    });
  });
}

function language(endpoint: Endpoint): string {
  return `${endpoint.method}${endpoint.path}`;
}

function named(endpoint: Endpoint): string {
  return `${endpoint.method} ${endpoint.path}`;
}
