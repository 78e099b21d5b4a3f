import type { Config } from "./config.ts";
import { forgetStored, type Session, sessionOf, storedSession } from "./stored.ts";

/** A token is replaced when it has fewer seconds left. */
const EARLY = 90;

let config: Config;
let amplify: Promise<typeof import("./amplify.ts")> | undefined;

/** To be called once, before all else here. */
export function configure(given: Config): void {
  config = given;
}

/** Amplify, under this page's settings. @throws Error without network, or when a release has taken its file away */
export function loadAmplify(): Promise<typeof import("./amplify.ts")> {
  amplify ??= import("./amplify.ts").then((loaded) => {
    loaded.configure(config);
    return loaded;
  });
  amplify.catch(() => {
    amplify = undefined;
  });
  return amplify;
}

/**
 * The session, refreshed when its token is about to end. One tab refreshes at a time; the others find what it stored.
 *
 * @param refused a token that the gateway did not take
 * @returns undefined when nobody is logged in, or the login has ended
 */
export async function session(refused?: string): Promise<Session | undefined> {
  const now = await kept();
  if (!now || (now.token !== refused && fresh(now))) return now;
  return navigator.locks.request("gatehouse-refresh", async () => {
    const again = await kept();
    if (!again || (again.token !== refused && fresh(again))) return again;
    const next = await asked(true);
    // Without network the old one may still do.
    return next ?? (again.token !== refused && lasts(again) ? again : undefined);
  });
}

async function kept(): Promise<Session | undefined> {
  const found = storedSession(config.userPoolClientId);
  return found && lasts(found) ? found : asked(false);
}

async function asked(forceRefresh: boolean): Promise<Session | undefined> {
  try {
    const token = await (await loadAmplify()).accessToken(forceRefresh);
    return token === undefined ? undefined : sessionOf(token);
  } catch {
    return undefined;
  }
}

const lasts = ({ expires }: Session) => expires > Date.now() / 1000;
const fresh = ({ expires }: Session) => expires - EARLY > Date.now() / 1000;

/** Ends the login everywhere: refresh tokens are revoked, every tab is told. Where Amplify can't be had, this browser forgets at least. */
export async function endSession(): Promise<void> {
  await loadAmplify()
    .then((loaded) => loaded.signOutEverywhere())
    .catch(() => forgetStored(config.userPoolClientId));
}
