import { randomInt } from "node:crypto";
import { z } from "zod";
import { clientOf, type Operation, type OperationContext, signedIn } from "./context.ts";
import { CognitoError, read, TEXT } from "./errors.ts";
import { refresh } from "./grant.ts";
import { checkPassword } from "./password.ts";
import { isUserChallenge, type UserChallenge } from "./signIn.ts";
import { fingerprint, type User } from "./state.ts";
import { newSecret, stepOfCode } from "./totp.ts";

const REFRESH = z.object({ ClientId: TEXT, RefreshToken: TEXT });
const REVOKE = z.object({ ClientId: TEXT, Token: TEXT });
const ACCESS = z.object({ AccessToken: TEXT });
const CHANGE = z.object({ AccessToken: TEXT, PreviousPassword: TEXT, ProposedPassword: TEXT });
const FORGOT = z.object({ ClientId: TEXT, Username: TEXT });
const CONFIRM = z.object({ ClientId: TEXT, Username: TEXT, ConfirmationCode: TEXT, Password: TEXT });
const ASSOCIATE = z.object({ AccessToken: TEXT.nullish(), Session: TEXT.nullish() });
const VERIFY = ASSOCIATE.extend({ UserCode: TEXT });
const PREFERENCE = z.object({
  AccessToken: TEXT,
  SoftwareTokenMfaSettings: z
    .object({ Enabled: z.boolean().optional(), PreferredMfa: z.boolean().optional() })
    .nullish(),
});

/** How long a forgotten password's code is good for. Source: Cognito guide, "Recovering user accounts". */
const CODE_SECONDS = 3600;
const CODE_TRIES = 5;

/** What a person does with his own login. */
export const ACCOUNT: Readonly<Record<string, Operation>> = {
  async GetTokensFromRefreshToken(raw, context) {
    const input = read(REFRESH, raw);
    const tokens = await refresh(input.RefreshToken, clientOf(input.ClientId, context), context);
    return { AuthenticationResult: tokens, ChallengeParameters: {} };
  },

  async RevokeToken(raw, { state, now, ...context }) {
    const input = read(REVOKE, raw);
    const client = clientOf(input.ClientId, context);
    const entry = state.refreshToken(input.Token, now());
    // An unknown token is no error: what the client wants is true already.
    if (entry?.client === client.id) state.revoke(({ originJti }) => originJti === entry.originJti);
    return {};
  },

  async GetUser(raw, context) {
    const { name, user } = await signedIn(read(ACCESS, raw).AccessToken, context);
    const attributes = Object.entries({ sub: user.sub, ...user.attributes });
    return {
      Username: name.toLowerCase(),
      UserAttributes: attributes.map(([Name, Value]) => ({ Name, Value })),
      ...(user.totp?.confirmed && user.totp.enabled
        ? { UserMFASettingList: ["SOFTWARE_TOKEN_MFA"], PreferredMfaSetting: "SOFTWARE_TOKEN_MFA" }
        : {}),
    };
  },

  async GlobalSignOut(raw, context) {
    const { name } = await signedIn(read(ACCESS, raw).AccessToken, context);
    context.state.revoke((entry) => entry.user === name);
    return {};
  },

  async ChangePassword(raw, context) {
    const input = read(CHANGE, raw);
    const { name, user } = await signedIn(input.AccessToken, context);
    if (!context.state.authenticate(name, input.PreviousPassword))
      throw new CognitoError("NotAuthorizedException", "Incorrect username or password.");
    checkPassword(input.ProposedPassword, context.pool);
    context.state.change(user, { password: context.state.verifierOf(name, input.ProposedPassword) });
    return {};
  },

  async ForgotPassword(raw, context) {
    const input = read(FORGOT, raw);
    clientOf(input.ClientId, context);
    if (!context.pool.recoversByEmail)
      throw new CognitoError("NotAuthorizedException", "Contact administrator to reset password.");
    const user = context.state.user(input.Username);
    // An unknown name gets the same answer as a known one.
    if (user?.enabled && user.password && user.status !== "FORCE_CHANGE_PASSWORD")
      sendCode(input.Username, user, context);
    return { CodeDeliveryDetails: { AttributeName: "email", DeliveryMedium: "EMAIL", Destination: "e***@l***" } };
  },

  async ConfirmForgotPassword(raw, context) {
    const input = read(CONFIRM, raw);
    clientOf(input.ClientId, context);
    checkPassword(input.Password, context.pool);
    const user = context.state.user(input.Username);
    const wrong = new CognitoError("CodeMismatchException", "Invalid verification code provided, please try again.");
    const { reset } = user ?? {};
    if (!user || !reset) throw wrong;
    if (reset.expires <= context.now() || reset.tries >= CODE_TRIES)
      throw new CognitoError("ExpiredCodeException", "Invalid code provided, please request a code again.");
    if (reset.hash !== fingerprint(input.ConfirmationCode)) {
      context.state.change(user, { reset: { ...reset, tries: reset.tries + 1 } });
      throw wrong;
    }
    const password = context.state.verifierOf(input.Username, input.Password);
    context.state.change(user, { password, status: "CONFIRMED", reset: undefined });
    return {};
  },

  async AssociateSoftwareToken(raw, context) {
    const input = read(ASSOCIATE, raw);
    const { user, session } = await settingUp(input, context);
    const secret = newSecret();
    context.state.change(user, { totp: { secret, confirmed: false, enabled: false, step: 0 } });
    return { SecretCode: secret, ...(session ? { Session: session } : {}) };
  },

  async VerifySoftwareToken(raw, context) {
    const input = read(VERIFY, raw);
    const { user, session } = await settingUp(input, context);
    const { totp } = user;
    const step = totp && stepOfCode(totp.secret, input.UserCode, context.now());
    if (!totp || step === undefined)
      throw new CognitoError("EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA");
    context.state.change(user, { totp: { ...totp, confirmed: true, enabled: session !== undefined, step } });
    return { Status: "SUCCESS", ...(session ? { Session: session } : {}) };
  },

  async SetUserMFAPreference(raw, context) {
    const input = read(PREFERENCE, raw);
    const { user } = await signedIn(input.AccessToken, context);
    const enabled = input.SoftwareTokenMfaSettings?.Enabled;
    if (enabled === undefined) return {};
    if (!user.totp?.confirmed)
      throw new CognitoError("InvalidParameterException", "User has not verified software token mfa");
    context.state.change(user, { totp: { ...user.totp, enabled } });
    return {};
  },
};

/** Whose authenticator app it is: of a signed-in user, or of one who has to set it up to sign in. */
async function settingUp(
  { AccessToken, Session }: z.infer<typeof ASSOCIATE>,
  context: OperationContext,
): Promise<{ readonly user: User; readonly session?: string }> {
  if (context.pool.mfa === "OFF")
    throw new CognitoError("InvalidParameterException", "Software token MFA is not enabled for the user pool");
  if (AccessToken) {
    const { user } = await signedIn(AccessToken, context);
    // Else a stolen token could replace the second factor that keeps its thief from signing in.
    if (user.totp?.confirmed && user.totp.enabled)
      throw new CognitoError("NotAuthorizedException", "Turn the authenticator app off before another is set up.");
    return { user };
  }
  const challenge: UserChallenge | undefined = context.sessions.take(Session ?? "", isUserChallenge);
  const user = challenge && context.state.user(challenge.name);
  if (!user || challenge.kind !== "MFA_SETUP")
    throw new CognitoError("NotAuthorizedException", "Invalid session for the user, session is expired.");
  return { user, session: context.sessions.open(challenge) };
}

function sendCode(name: string, user: User, context: OperationContext): void {
  const code = String(randomInt(1_000_000)).padStart(6, "0");
  context.state.change(user, { reset: { hash: fingerprint(code), expires: context.now() + CODE_SECONDS, tries: 0 } });
  context.deliver({ user: name.toLowerCase(), subject: "verification code", text: code });
}
