import { Amplify } from "aws-amplify";
import { fetchAuthSession, signOut } from "aws-amplify/auth";
import type { Config } from "./config.ts";
import type { Token } from "./messages.ts";

/** Who is logged in, as the access token says. */
export interface Session extends Token {
  readonly person: string;
  readonly groups: readonly string[];
}

/** A token is replaced when it has fewer seconds left, or less than a quarter of its life. */
const EARLY = 90;

export function configure(config: Config): void {
  const home = `${location.origin}/`;
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: config.userPoolId,
        userPoolClientId: config.userPoolClientId,
        ...(config.userPoolEndpoint === undefined ? {} : { userPoolEndpoint: config.userPoolEndpoint }),
        ...(config.loginDomain === null
          ? {}
          : {
              loginWith: {
                oauth: {
                  domain: config.loginDomain,
                  scopes: ["openid"],
                  redirectSignIn: [home],
                  redirectSignOut: [home],
                  responseType: "code" as const,
                },
              },
            }),
      },
    },
  });
}

/**
 * The session, refreshed when its token is about to end. One tab refreshes at a time; the others find what it stored.
 *
 * @param refused a token that the gateway did not take
 * @returns undefined when nobody is logged in, or the login has ended
 */
export async function session(refused?: string): Promise<Session | undefined> {
  const now = await stored(false);
  if (!now || (now.token !== refused && fresh(now))) return now;
  return navigator.locks.request("gatehouse-refresh", async () => {
    const again = await stored(false);
    if (!again || (again.token !== refused && fresh(again))) return again;
    const next = await stored(true);
    // Without network the old one may still do.
    return next ?? (again.token !== refused && again.expires > Date.now() / 1000 ? again : undefined);
  });
}

async function stored(forceRefresh: boolean): Promise<Session | undefined> {
  try {
    const { tokens } = await fetchAuthSession({ forceRefresh });
    if (!tokens) return undefined;
    const { payload } = tokens.accessToken;
    const groups = payload["cognito:groups"];
    return {
      token: tokens.accessToken.toString(),
      expires: payload.exp ?? 0,
      person: [payload["gatehouse:person"], payload.username].find((each) => typeof each === "string") ?? "",
      groups: Array.isArray(groups) ? groups.map(String) : [],
    };
  } catch {
    return undefined;
  }
}

function fresh({ expires }: Session): boolean {
  return expires - EARLY > Date.now() / 1000;
}

/** Ends the login everywhere: refresh tokens are revoked, every tab is told. */
export async function endSession(): Promise<void> {
  await signOut({ global: true }).catch(() => signOut());
}
