import { z } from "zod";
import type { PoolSettings } from "./settings.ts";
import type { User } from "./state.ts";

/** A declared Lambda function, called with an event. */
export type Trigger = (event: unknown) => Promise<unknown>;

/** What the declared function changes of the tokens. */
export interface TokenChanges {
  readonly groups: readonly string[];
  readonly accessClaims: Readonly<Record<string, unknown>>;
  readonly idClaims: Readonly<Record<string, unknown>>;
}

/** Why a token is made. Source: Cognito guide, "Pre token generation Lambda trigger". */
export type TriggerSource =
  | "TokenGeneration_Authentication"
  | "TokenGeneration_HostedAuth"
  | "TokenGeneration_NewPasswordChallenge"
  | "TokenGeneration_RefreshTokens";

const PART = z.object({
  claimsToAddOrOverride: z.record(z.string(), z.unknown()).nullish(),
});

const ANSWER = z.object({
  response: z.object({
    claimsAndScopeOverrideDetails: z
      .object({
        idTokenGeneration: PART.nullish(),
        accessTokenGeneration: PART.nullish(),
        groupOverrideDetails: z.object({ groupsToOverride: z.array(z.string()).nullish() }).nullish(),
      })
      .nullish(),
  }),
});

/** Asks the function as Cognito does, with the event of version 2. @throws what the function throws, on which no token is made */
export async function askTrigger(
  trigger: Trigger | undefined,
  pool: PoolSettings,
  { source, name, user, clientId }: { source: TriggerSource; name: string; user: User; clientId: string },
): Promise<TokenChanges> {
  const none = { groups: user.groups, accessClaims: {}, idClaims: {} };
  if (!trigger) return none;
  const { response } = ANSWER.parse(
    await trigger({
      version: "2",
      triggerSource: source,
      region: pool.region,
      userPoolId: pool.poolId,
      userName: name,
      callerContext: { awsSdkVersion: "aws-sdk-unknown-unknown", clientId },
      request: {
        userAttributes: { ...user.attributes, sub: user.sub, "cognito:user_status": user.status },
        groupConfiguration: { groupsToOverride: [...user.groups], iamRolesToOverride: [], preferredRole: null },
        scopes: [],
      },
      response: { claimsAndScopeOverrideDetails: null },
    }),
  );
  const details = response.claimsAndScopeOverrideDetails;
  return {
    groups: details?.groupOverrideDetails?.groupsToOverride ?? user.groups,
    accessClaims: details?.accessTokenGeneration?.claimsToAddOrOverride ?? {},
    idClaims: details?.idTokenGeneration?.claimsToAddOrOverride ?? {},
  };
}
