import { EFFECTS, type Effect, ENTITIES, type Entity, type Permission } from "./types.ts";

/** A named set of permissions that a caller has through his role (code door) or a group of the user pool (browser door). */
export interface Persona {
  readonly name: string;
  /** Cognito group whose members have it. */
  readonly group: string;
  readonly permissions: readonly Permission[];
}

/** What a stack says of one persona: `may` makes a new one, `mayNot` narrows a shipped one. */
export interface PersonaSetting {
  readonly group?: string | undefined;
  readonly may?: readonly string[] | undefined;
  readonly mayNot?: readonly string[] | undefined;
}

/** What people and machines work on. Users, roles, webhooks and workspaces are the platform's own. */
const ML_ENTITIES = ENTITIES.filter((entity) => !["user", "role", "webhook", "workspace"].includes(entity));

const READS: readonly Permission[] = [...permissions(ML_ENTITIES, ["read"]), "workspace:read"];

const SCIENTIST_WRITES: readonly Permission[] = [
  ...permissions(
    [
      "artifact",
      "assessment",
      "dataset",
      "experiment",
      "issue",
      "label_schema",
      "logged_model",
      "mcp_server",
      "model_version",
      "registered_model",
      "review_queue",
      "run",
      "scorer",
      "trace",
    ],
    ["write"],
  ),
  // The gateway sees the kind of call; that it is his own is MLflow's decision.
  ...permissions(["assessment", "dataset", "logged_model", "run"], ["delete"]),
  ...permissions(["experiment", "gateway", "job", "scorer"], ["use"]),
];

/** Everything in his own workspaces, none of what crosses them. */
const ADMIN: readonly Permission[] = [
  ...permissions(ML_ENTITIES, EFFECTS),
  ...permissions(["role"], ["read", "admin"]),
  "user:read",
  "workspace:read",
];

const PLATFORM_ADMIN: readonly Permission[] = [
  ...permissions(["role", "user", "webhook", "workspace"], ["read", "admin"]),
];

/** Register ≠ approve ≠ delete: no shipped persona below admin holds two of the three. */
export const SHIPPED_PERSONAS: readonly Persona[] = [
  { name: "reader", group: "readers", permissions: READS },
  { name: "scientist", group: "scientists", permissions: [...READS, ...SCIENTIST_WRITES] },
  { name: "approver", group: "model-approvers", permissions: [...READS, "model_version:approve"] },
  { name: "admin", group: "admins", permissions: ADMIN },
  { name: "platform-admin", group: "platform-admins", permissions: PLATFORM_ADMIN },
];

/** Permissions that no persona made by a stack can hold: they reach beyond one workspace. */
const PLATFORM_ONLY = new Set<Permission>(["user:admin", "webhook:admin", "workspace:admin", "webhook:read"]);

/**
 * The shipped personas with what a stack adds or takes away.
 *
 * @returns all personas, or every error found; personas are only to be used when there is none
 */
export function resolvePersonas(settings: Readonly<Record<string, PersonaSetting>>): {
  readonly personas: readonly Persona[];
  readonly errors: readonly string[];
} {
  const errors: string[] = [];
  const shipped = SHIPPED_PERSONAS.map((persona) => narrowed(persona, settings[persona.name], errors));
  const own = Object.entries(settings)
    .filter(([name]) => !SHIPPED_PERSONAS.some((persona) => persona.name === name))
    .map(([name, setting]) => added(name, setting, errors));
  const personas = [...shipped, ...own];
  for (const persona of personas) {
    const twin = personas.find((other) => other !== persona && other.group === persona.group);
    if (twin && twin.name < persona.name)
      errors.push(`personas.${persona.name}.group: \`${persona.group}\` is already the group of ${twin.name}`);
  }
  return { personas, errors };
}

function narrowed(persona: Persona, setting: PersonaSetting | undefined, errors: string[]): Persona {
  if (!setting) return persona;
  if (setting.may)
    errors.push(
      `personas.${persona.name}.may: a shipped persona can only be narrowed, with mayNot; add one of your own`,
    );
  const removed = parsed(setting.mayNot ?? [], `personas.${persona.name}.mayNot`, errors);
  for (const permission of removed)
    if (!persona.permissions.includes(permission))
      errors.push(`personas.${persona.name}.mayNot: ${persona.name} does not hold \`${permission}\``);
  return {
    name: persona.name,
    group: setting.group ?? persona.group,
    permissions: persona.permissions.filter((permission) => !removed.includes(permission)),
  };
}

function added(name: string, setting: PersonaSetting, errors: string[]): Persona {
  // The name becomes part of role and policy names, beside a consumer's.
  if (!/^(?=.{2,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    errors.push(`personas.${name}: a name is 2 to 20 lower-case letters, digits and single hyphens`);
  if (setting.mayNot) errors.push(`personas.${name}.mayNot: only shipped personas are narrowed; list what it may`);
  if (!setting.group) errors.push(`personas.${name}.group: which group of the user pool has it?`);
  if (!setting.may?.length) errors.push(`personas.${name}.may: list at least one permission, such as \`run:read\``);
  const held = parsed(setting.may ?? [], `personas.${name}.may`, errors);
  for (const permission of held)
    if (PLATFORM_ONLY.has(permission))
      errors.push(
        `personas.${name}.may: \`${permission}\` reaches beyond a workspace and belongs to platform-admin alone`,
      );
  return { name, group: setting.group ?? name, permissions: held };
}

function parsed(texts: readonly string[], at: string, errors: string[]): Permission[] {
  return texts.flatMap((text) => {
    const [entity, effect, ...rest] = text.split(":");
    if (rest.length === 0 && isEntity(entity) && isEffect(effect)) return [`${entity}:${effect}` as const];
    errors.push(
      `${at}: \`${text}\` is no permission; write <entity>:<effect> with one of ${ENTITIES.join(", ")} and one of ${EFFECTS.join(", ")}`,
    );
    return [];
  });
}

function isEntity(text: string | undefined): text is Entity {
  return ENTITIES.some((entity) => entity === text);
}

function isEffect(text: string | undefined): text is Effect {
  return EFFECTS.some((effect) => effect === text);
}

function permissions(entities: readonly Entity[], effects: readonly Effect[]): Permission[] {
  return entities.flatMap((entity) => effects.map((effect) => `${entity}:${effect}` as const));
}
