import { type AccessItem, type AccessPolicy, AccessPolicyError, readItem } from "../identity/accessPolicy.ts";

export interface AccessSourceSettings {
  /** The item, or undefined where there is none. */
  readonly fetchItem: () => Promise<AccessItem | undefined>;
  /** How long an answer counts without asking again; default 30. */
  readonly cacheSeconds?: number;
  /** How long the last good answer counts while there is no new one; default 900. */
  readonly staleSeconds?: number;
  /** Milliseconds; default the clock. */
  readonly now?: () => number;
}

/** How long to leave the table alone after a failure. */
const RETRY_MS = 2000;

/**
 * The access policy that counts now: asked for at most once in `cacheSeconds`, whatever the number of calls.
 *
 * An answer that fails, is no good or is older than one known changes nothing; when the last good one is too old, the call is refused.
 */
export function accessSource(settings: AccessSourceSettings): () => Promise<AccessPolicy> {
  const { fetchItem, cacheSeconds = 30, staleSeconds = 900, now = Date.now } = settings;
  let known: { readonly policy: AccessPolicy; readonly at: number } | undefined;
  let asking: Promise<void> | undefined;
  let notBefore = 0;

  const ask = async () => {
    const at = now();
    try {
      const policy = readItem(await fetchItem());
      if (known && policy.item < known.policy.item)
        throw new AccessPolicyError(`version ${policy.item} is older than ${known.policy.item}, known already`);
      known = { policy, at };
    } catch (error) {
      notBefore = at + RETRY_MS;
      const why = error instanceof Error ? error.message : String(error);
      console.error(JSON.stringify({ gatehouse: "access policy not read", why }));
    }
  };
  return async () => {
    const due = !known || now() - known.at >= cacheSeconds * 1000;
    if (due && now() >= notBefore) {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      await asking;
    }
    if (known && now() - known.at <= staleSeconds * 1000) return known.policy;
    throw new AccessPolicyError("the access policy can't be read, so nobody is let in");
  };
}
