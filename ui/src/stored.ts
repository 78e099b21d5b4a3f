import type { Token } from "./messages.ts";

/** Who is logged in, as the access token says. */
export interface Session extends Token {
  readonly person: string;
  readonly groups: readonly string[];
}

const prefixOf = (userPoolClientId: string) => `CognitoIdentityServiceProvider.${userPoolClientId}`;

/**
 * The session that Amplify keeps, read without Amplify, which no page that comes up with a good token has to wait for.
 *
 * Source: Amplify's documentation, "Understand token management": `CognitoIdentityServiceProvider.<client>.<username>.accessToken`.
 *
 * @returns undefined as well when Amplify keeps it some other way
 */
export function storedSession(userPoolClientId: string): Session | undefined {
  const prefix = prefixOf(userPoolClientId);
  const username = localStorage.getItem(`${prefix}.LastAuthUser`);
  const token = username === null ? null : localStorage.getItem(`${prefix}.${username}.accessToken`);
  return token === null ? undefined : sessionOf(token);
}

/** Without Amplify, so nothing is revoked: this browser alone forgets. */
export function forgetStored(userPoolClientId: string): void {
  for (const key of Object.keys(localStorage))
    if (key.startsWith(`${prefixOf(userPoolClientId)}.`)) localStorage.removeItem(key);
}

/** What an access token says, which only the gateway can check. @returns undefined for what is none */
export function sessionOf(token: string): Session | undefined {
  try {
    const bytes = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const payload = JSON.parse(
      new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))),
    ) as Readonly<Record<string, unknown>>;
    const { exp, username } = payload;
    const groups = payload["cognito:groups"];
    return {
      token,
      expires: typeof exp === "number" ? exp : 0,
      person: [payload["gatehouse:person"], username].find((each) => typeof each === "string") ?? "",
      groups: Array.isArray(groups) ? groups.map(String) : [],
    };
  } catch {
    return undefined;
  }
}
