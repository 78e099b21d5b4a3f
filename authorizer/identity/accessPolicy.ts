import { createHash } from "node:crypto";
import type { Persona } from "../catalogue/personas.ts";
import { isPerson } from "./person.ts";

/** What an administrator changes without a deployment. */
export interface AccessDocument {
  readonly version: 1;
  /** Persona → the groups that give it, in place of the deployed one. A persona that isn't named keeps its own. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Persona → permissions taken from it. */
  readonly mayNot: Readonly<Record<string, readonly string[]>>;
  /** Person → since when (ISO 8601) nobody is let in under that name. */
  readonly revoked: Readonly<Record<string, string>>;
}

/** The item as stored. */
export interface AccessItem {
  /** Counts up with each change. */
  readonly version: number;
  /** SHA-256 of the document, hexadecimal. */
  readonly digest: string;
  /** JSON text of an `AccessDocument`. */
  readonly document: string;
}

/** One version of the item; version 0 is none. */
export interface AccessPolicy extends AccessDocument {
  readonly item: number;
}

/** What counts where there is no item: the deployed settings alone. */
export const DEPLOYED_ALONE: AccessPolicy = { item: 0, version: 1, groups: {}, mayNot: {}, revoked: {} };

/** The item can't be used; half a policy could let somebody in. */
export class AccessPolicyError extends Error {
  override readonly name = "AccessPolicyError";
}

const KEYS = ["version", "groups", "mayNot", "revoked"];
const GROUP = /^[A-Za-z0-9][A-Za-z0-9_+=.@-]{0,62}$/;
const PERMISSION = /^[a-z_]{1,64}:(?:read|write|delete|use|approve|admin)$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/** Every fault of a document's form, as sentences. */
export function documentFaults(value: unknown): readonly string[] {
  if (!isRecord(value)) return ["the access policy must be an object with the keys groups, mayNot and revoked"];
  const faults = Object.keys(value)
    .filter((key) => !KEYS.includes(key))
    .map((key) => `${key}: is no key of an access policy; there is ${KEYS.join(", ")}`);
  if (value.version !== 1) faults.push("version: must be 1");
  const lists = (key: "groups" | "mayNot", shape: RegExp, what: string) => {
    const given = value[key] ?? {};
    if (!isRecord(given)) return faults.push(`${key}: must map each persona to a list`);
    for (const [persona, list] of Object.entries(given)) {
      if (!Array.isArray(list)) faults.push(`${key}.${persona}: must be a list of ${what}s`);
      else
        for (const each of list)
          if (typeof each !== "string" || !shape.test(each))
            faults.push(`${key}.${persona}: \`${String(each)}\` is no ${what}`);
    }
    return undefined;
  };
  lists("groups", GROUP, "group");
  lists("mayNot", PERMISSION, "permission");
  const revoked = value.revoked ?? {};
  if (!isRecord(revoked)) faults.push("revoked: must map each person to a time");
  else
    for (const [person, since] of Object.entries(revoked)) {
      const name: string = person;
      if (!isPerson(person)) faults.push(`revoked: \`${name}\` is no person; write the lower-case name`);
      if (typeof since !== "string" || !TIME.test(since))
        faults.push(`revoked.${person}: must be a time such as 2026-01-31T12:00:00Z`);
    }
  return faults;
}

/** The document of an item, checked. @throws AccessPolicyError */
export function readItem(item: AccessItem | undefined): AccessPolicy {
  if (item === undefined) return DEPLOYED_ALONE;
  if (!Number.isSafeInteger(item.version) || item.version < 1)
    throw new AccessPolicyError("its version is not a whole number from 1");
  if (digestOf(item.document) !== item.digest) throw new AccessPolicyError("its digest is not that of its document");
  let document: unknown;
  try {
    document = JSON.parse(item.document);
  } catch {
    throw new AccessPolicyError("its document is not JSON");
  }
  const [fault] = documentFaults(document);
  if (fault !== undefined) throw new AccessPolicyError(fault);
  return { ...DEPLOYED_ALONE, ...(document as Partial<AccessDocument>), item: item.version };
}

export function digestOf(document: string): string {
  return createHash("sha256").update(document).digest("hex");
}

/** The deployed personas, narrowed; nothing of a policy adds a permission. */
export function narrowed(personas: readonly Persona[], { mayNot }: Pick<AccessDocument, "mayNot">): readonly Persona[] {
  return personas.map((persona) => {
    const taken = own(mayNot, persona.name);
    if (!taken?.length) return persona;
    return { ...persona, permissions: persona.permissions.filter((permission) => !taken.includes(permission)) };
  });
}

/** The groups whose members have a persona. */
export function groupsOf(persona: Persona, { groups }: Pick<AccessDocument, "groups">): readonly string[] {
  return own(groups, persona.name) ?? [persona.group];
}

export function isRevoked(person: string, { revoked }: Pick<AccessDocument, "revoked">): boolean {
  return own(revoked, person) !== undefined;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
