import { ENDPOINTS } from "../authorizer/catalogue/index.ts";
import type { Persona } from "../authorizer/catalogue/personas.ts";
import { type AccessDocument, documentFaults, narrowed } from "../authorizer/identity/accessPolicy.ts";
import { browserDocument, codeDocuments, mayCall } from "../authorizer/policy/compile.ts";
import type { DeclaredAccess } from "./documents.ts";
import { prove } from "./proof.ts";

/**
 * Everything wrong with an access policy for a stack, as sentences; none means that it may be written.
 *
 * It must fit the stack's personas, and what it leaves of each is compiled and proved as the deployed documents are: exactly the catalogue, both doors
 * alike, and nothing that the deployed persona may not call.
 */
export function accessPolicyFaults(value: unknown, access: DeclaredAccess): readonly string[] {
  const form = documentFaults(value);
  if (form.length) return [...form, ...unknownPersonas(value, access.personas)];
  const document = { groups: {}, mayNot: {}, revoked: {}, ...(value as Partial<AccessDocument>) };
  const faults = [...personaFaults(document, access.personas), ...groupFaults(document, access.personas)];
  if (faults.length) return faults;
  const personas = narrowed(access.personas, document);
  return [
    ...prove({
      ...access,
      personas,
      documents: (door, held) =>
        door === "browser"
          ? [browserDocument(held, access.stageArns.browser)]
          : held.flatMap((persona) => codeDocuments(persona, access.stageArns.code)),
    }),
    ...personas.flatMap((persona) => gains(persona, access.personas)),
  ];
}

/** Names that no persona has, whatever else is wrong with a document. */
function unknownPersonas(value: unknown, all: readonly Persona[]): readonly string[] {
  const names = all.map(({ name }) => name);
  const given = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  return ["groups", "mayNot"]
    .flatMap((key) => Object.keys(Object(given[key]) as object).map((name) => [key, name] as const))
    .filter(([, name]) => !names.includes(name))
    .map(([key, name]) => `${key}.${name}: is no persona of the stack; there is ${names.join(", ")}`);
}

function personaFaults(document: Omit<AccessDocument, "version">, all: readonly Persona[]): readonly string[] {
  const { mayNot } = document;
  const notHeld = all.flatMap(({ name, permissions }) =>
    (Object.hasOwn(mayNot, name) ? (mayNot[name] ?? []) : [])
      .filter((permission) => !permissions.some((held) => held === permission))
      .map((permission) => `mayNot.${name}: ${name} does not hold \`${permission}\`, so it can't be taken away`),
  );
  return [...unknownPersonas(document, all), ...notHeld];
}

/** A group that gives several personas would join what the stack keeps apart: registering and approving, for instance. */
function groupFaults({ groups }: Pick<AccessDocument, "groups">, all: readonly Persona[]): readonly string[] {
  const givers = new Map<string, string[]>();
  for (const persona of all)
    for (const group of Object.hasOwn(groups, persona.name) ? (groups[persona.name] ?? []) : [persona.group])
      givers.set(group, [...(givers.get(group) ?? []), persona.name]);
  return [...givers]
    .filter(([, personas]) => new Set(personas).size > 1)
    .map(([group, personas]) => `groups: \`${group}\` would give ${personas.join(" and ")}; a group gives one persona`);
}

function gains(persona: Persona, deployed: readonly Persona[]): readonly string[] {
  const before = deployed.find(({ name }) => name === persona.name);
  return ENDPOINTS.filter((endpoint) => mayCall(persona, endpoint) && !(before && mayCall(before, endpoint))).map(
    ({ method, path }) => `${persona.name} would gain ${method} ${path}`,
  );
}
