import { isPerson } from "./person.ts";

/** A foreign identity provider as the user pool's function knows it. */
export interface FederatedProvider {
  /** Company group → group of the user pool. */
  readonly groups: Readonly<Record<string, string>>;
  /** Domains of the people that it may name; none: any. */
  readonly domains: readonly string[];
}

export interface FederationSettings {
  readonly providers: Readonly<Record<string, FederatedProvider>>;
  /** Groups that enter a workspace: a company group of the same name counts as one. None of them gives a persona. */
  readonly workspaceGroups: readonly string[];
}

/** Claim with the person, in tokens of a pool with foreign identity providers. */
export const PERSON_CLAIM = "gatehouse:person";

/** Attributes that a foreign provider fills. Nothing else reads them. */
export const PERSON_ATTRIBUTE = "custom:person";
export const GROUPS_ATTRIBUTE = "custom:groups";

export interface PoolUser {
  readonly userName: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  /** Groups that an administrator put him into. */
  readonly groups: readonly string[];
}

/** Nobody is let in with a claim that might be somebody else's. */
export class FederationError extends Error {
  override readonly name = "FederationError";
}

/**
 * Who a user is, and in which groups.
 *
 * A user of the pool itself is who his user name says: an administrator gave it, and what he may write of his own attributes counts for nothing.
 * A user of a foreign provider is who that provider says, within its domains; his groups are those that the settings map, and a workspace's.
 *
 * @throws FederationError with a sentence for the user
 */
export function federatedIdentity(
  user: PoolUser,
  settings: FederationSettings,
): { readonly person: string; readonly groups: readonly string[] } {
  if (user.attributes["cognito:user_status"] !== "EXTERNAL_PROVIDER") {
    if (!isPerson(user.userName)) throw new FederationError("your user name can't stand for a person");
    return { person: user.userName, groups: user.groups };
  }
  const name = providerOf(user.attributes.identities);
  const provider = name !== undefined && Object.hasOwn(settings.providers, name) ? settings.providers[name] : undefined;
  if (!provider) throw new FederationError("your identity provider is not one of this stack's");
  const person = user.attributes[PERSON_ATTRIBUTE]?.toLowerCase();
  if (!isPerson(person)) throw new FederationError(`${name} did not say who you are: ask for the mapped claim`);
  const domain = person.slice(person.lastIndexOf("@") + 1);
  if (provider.domains.length && !(person.includes("@") && provider.domains.includes(domain)))
    throw new FederationError(`${name} may not name people of ${domain}`);
  const company = companyGroups(user.attributes[GROUPS_ATTRIBUTE]);
  const mapped = company.flatMap((group) =>
    Object.hasOwn(provider.groups, group) ? [provider.groups[group] ?? ""] : [],
  );
  const workspaces = company.filter((group) => settings.workspaceGroups.includes(group));
  return { person, groups: [...new Set([...user.groups, ...mapped, ...workspaces])] };
}

/** The provider of a user's one identity. A user with several is linked by hand, and nobody says which speaks. */
function providerOf(identities: string | undefined): string | undefined {
  try {
    const all: unknown = JSON.parse(identities ?? "");
    const [only] = Array.isArray(all) && all.length === 1 ? (all as { providerName?: unknown }[]) : [];
    return typeof only?.providerName === "string" ? only.providerName : undefined;
  } catch {
    return undefined;
  }
}

/** A list as Cognito stores it: JSON of an OIDC claim, or `[a, b]` of a SAML attribute, or one name. */
export function companyGroups(text: string | undefined): readonly string[] {
  if (!text) return [];
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value.filter((group) => typeof group === "string");
  } catch {
    // Not JSON: read as SAML's below.
  }
  const list = /^\[(.*)\]$/.exec(text)?.[1];
  return list === undefined
    ? [text]
    : list
        .split(",")
        .map((group) => group.trim())
        .filter(Boolean);
}
