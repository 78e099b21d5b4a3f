import { readFileSync } from "node:fs";
import { type FederationSettings, federatedIdentity, PERSON_CLAIM } from "../../identity/federation.ts";

/** What Cognito sends. Source: Cognito guide, "Pre token generation Lambda trigger", version 2. */
interface PreTokenEvent {
  readonly userName: string;
  readonly request: {
    readonly userAttributes: Readonly<Record<string, string | undefined>>;
    readonly groupConfiguration?: { readonly groupsToOverride?: readonly string[] | null } | null;
  };
  response: unknown;
}

let settings: FederationSettings | undefined;

/** Puts the person and the mapped groups into both tokens. A throw refuses the login. */
export async function handler(event: PreTokenEvent): Promise<PreTokenEvent> {
  settings ??= JSON.parse(readFileSync(new URL("federation.json", import.meta.url), "utf8")) as FederationSettings;
  const { person, groups } = federatedIdentity(
    {
      userName: event.userName,
      attributes: event.request.userAttributes,
      groups: event.request.groupConfiguration?.groupsToOverride ?? [],
    },
    settings,
  );
  const claims = { claimsToAddOrOverride: { [PERSON_CLAIM]: person } };
  event.response = {
    claimsAndScopeOverrideDetails: {
      accessTokenGeneration: claims,
      idTokenGeneration: claims,
      groupOverrideDetails: { groupsToOverride: groups, iamRolesToOverride: [], preferredRole: "" },
    },
  };
  return event;
}
