// What only a login, a refresh and a sign-out need: loaded for them, and some seconds after a page has come up.
import { Amplify } from "aws-amplify";
import { fetchAuthSession, signOut } from "aws-amplify/auth";
import type { Config } from "./config.ts";

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

/** @param forceRefresh also when the token kept is still good @returns undefined when nobody is logged in */
export async function accessToken(forceRefresh: boolean): Promise<string | undefined> {
  const { tokens } = await fetchAuthSession({ forceRefresh });
  return tokens?.accessToken.toString();
}

/** Refresh tokens are revoked. */
export async function signOutEverywhere(): Promise<void> {
  await signOut({ global: true }).catch(() => signOut());
}
