import { NOT_KNOWN } from "../deployed.ts";
import type { Plan, Resource } from "../plan.ts";

/** Tag with the digest of what a persona policy grants, whatever the API's id. Written by the program, `components/secureGateway/policies.ts`. */
const DIGEST_TAG = "gatehouse:digest";

export interface Completed {
  readonly plan: Plan;
  readonly notes: readonly string[];
  readonly unknown: readonly string[];
}

/**
 * Fills what a preview or a state can't say from a run of the program of the same revision. In a first preview every document is unknown, since it names
 * an API that isn't there yet; the program knows it, and a persona policy's digest tag says that both mean the same.
 */
export function complete(deployed: Plan, program: Plan): Completed {
  const unknown: string[] = [];
  let filled = 0;
  const resources = deployed.resources.map((resource) => {
    if (!holds(resource)) return resource;
    const twin = program.resources.find(({ type, name }) => type === resource.type && name === resource.name);
    const what = `${resource.type} \`${resource.name}\``;
    if (!twin) {
      if (matters(resource))
        unknown.push(`${what}: parts of it are unknown, and the program at hand doesn't declare it`);
      return resource;
    }
    const differs = difference(resource.inputs, twin.inputs, "");
    const tags = [digest(resource), digest(twin)];
    if (tags[0] !== tags[1])
      unknown.push(`${what}: its digest is ${tags[0]} and the program's is ${tags[1]}: not of one revision`);
    else if (differs !== undefined && matters(resource))
      unknown.push(`${what}: \`${differs}\` is not what the program at hand says: not of one revision`);
    filled += 1;
    return {
      ...resource,
      id: resource.id === NOT_KNOWN ? twin.id : resource.id,
      inputs: merged(resource.inputs, twin.inputs) as Resource["inputs"],
      state: merged(resource.state, twin.state) as Resource["state"],
    };
  });
  const outputs = merged(deployed.outputs, program.outputs) as Plan["outputs"];
  return {
    // A preview names no outputs that aren't there yet.
    plan: { ...deployed, resources, outputs: { ...program.outputs, ...outputs } },
    unknown,
    notes: filled
      ? [
          `${deployed.stack}: ${filled} resources hold values that are known only after a deployment; taken from the program, whose digests agree`,
        ]
      : [],
  };
}

/** Resources whose unknown parts decide who may do what. */
function matters({ type }: Resource): boolean {
  return /^aws:(?:iam|apigateway|cognito|lambda|ecs\/taskDefinition|s3\/bucketPolicy|kms)/.test(type);
}

function holds(resource: Resource): boolean {
  return (
    JSON.stringify([resource.id, resource.inputs, resource.state]).includes(NOT_KNOWN) ||
    JSON.stringify(resource.state) === "{}"
  );
}

function digest({ inputs }: Resource): string {
  const tags = inputs.tags as Readonly<Record<string, string>> | undefined;
  return tags?.[DIGEST_TAG] ?? "none";
}

/** The first path where both know a value and differ. Names and ids that AWS makes are no difference. */
function difference(known: unknown, other: unknown, at: string): string | undefined {
  if (known === NOT_KNOWN || at.split(".").some((part) => part.startsWith("__"))) return undefined;
  if (typeof known === "object" && known !== null && typeof other === "object" && other !== null) {
    for (const [key, value] of Object.entries(known)) {
      const found = difference(
        value,
        (other as Readonly<Record<string, unknown>>)[key],
        at === "" ? key : `${at}.${key}`,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (known === other || other === undefined || typeof known !== typeof other) return undefined;
  return generatedText(known, other) ? undefined : at;
}

/** Two texts that differ in ids alone. */
function generatedText(a: unknown, b: unknown): boolean {
  if (typeof a !== "string" || typeof b !== "string") return false;
  const bare = (text: string) => text.replaceAll(/-[0-9a-f]{7}\b|\b(?=\w*\d)[0-9a-zA-Z_]{10,}\b/g, "#");
  return bare(a) === bare(b);
}

function merged(known: unknown, other: unknown): unknown {
  if (known === NOT_KNOWN || known === undefined) return other ?? known;
  if (Array.isArray(known))
    return known.map((item, index) => merged(item, Array.isArray(other) ? other[index] : undefined));
  if (typeof known !== "object" || known === null) return known;
  const second = (typeof other === "object" && other !== null ? other : {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    [...new Set([...Object.keys(known), ...Object.keys(second)])].map(
      (key) => [key, merged((known as Readonly<Record<string, unknown>>)[key], second[key])] as const,
    ),
  );
}
