import { z } from "zod";
import { clientOf, type Operation, type OperationContext } from "./context.ts";
import { CognitoError, read, TEXT } from "./errors.ts";
import { grant, refresh } from "./grant.ts";
import { checkPassword } from "./password.ts";
import type { ClientSettings } from "./settings.ts";
import { type SrpExchange, startExchange } from "./srp.ts";
import type { User } from "./state.ts";
import { stepOfCode } from "./totp.ts";

const INITIATE = z.object({ AuthFlow: TEXT, ClientId: TEXT, AuthParameters: z.record(z.string(), TEXT).default({}) });
const RESPOND = z.object({
  ChallengeName: TEXT,
  ClientId: TEXT,
  Session: TEXT.nullish(),
  ChallengeResponses: z.record(z.string(), TEXT).default({}),
});

/** A client that has sent his first value. */
interface PasswordChallenge {
  readonly kind: "PASSWORD_VERIFIER";
  readonly name: string;
  readonly clientId: string;
  readonly exchange: SrpExchange;
}

/** A user whose password was right, and who has one more thing to do. */
export interface UserChallenge {
  readonly kind: "NEW_PASSWORD_REQUIRED" | "MFA_SETUP" | "SOFTWARE_TOKEN_MFA";
  /** Wrong answers so far. */
  readonly wrong?: number;
  readonly name: string;
  readonly clientId: string;
}

const WRONG = new CognitoError("NotAuthorizedException", "Incorrect username or password.");
const NO_SESSION = new CognitoError("NotAuthorizedException", "Invalid session for the user, session is expired.");

export const SIGN_IN: Readonly<Record<string, Operation>> = {
  async InitiateAuth(raw, context) {
    const input = read(INITIATE, raw);
    const client = clientOf(input.ClientId, context);
    const { AuthFlow: flow, AuthParameters: parameters } = input;
    const open = (name: string) => client.flows.has(`ALLOW_${name}`);
    if (flow === "USER_SRP_AUTH" && open(flow)) return startSrp(parameters, client, context);
    if (flow === "USER_PASSWORD_AUTH" && (open(flow) || context.allowPasswordFlow))
      return byPassword(parameters, client, context);
    if (flow === "REFRESH_TOKEN_AUTH" || flow === "REFRESH_TOKEN") {
      const tokens = await refresh(parameters.REFRESH_TOKEN ?? "", client, context);
      return { AuthenticationResult: tokens, ChallengeParameters: {} };
    }
    throw new CognitoError("InvalidParameterException", `${flow.slice(0, 40)} flow not enabled for this client`);
  },

  async RespondToAuthChallenge(raw, context) {
    const input = read(RESPOND, raw);
    const client = clientOf(input.ClientId, context);
    if (input.ChallengeName === "PASSWORD_VERIFIER") return proveSrp(input.ChallengeResponses, client, context);
    const challenge = context.sessions.take(input.Session ?? "", isUserChallenge);
    const user = challenge && context.state.user(challenge.name);
    if (!challenge || !user?.enabled || challenge.kind !== input.ChallengeName || challenge.clientId !== client.id)
      throw NO_SESSION;
    return answerChallenge(challenge, user, input.ChallengeResponses, client, context).catch((error: unknown) => {
      // A wrong code or a weak password may be put right in the same session, a few times.
      const wrong = (challenge.wrong ?? 0) + 1;
      if (error instanceof CognitoError && RETRIED.includes(error.type) && wrong < TRIES)
        context.sessions.giveBack(input.Session ?? "", { ...challenge, wrong });
      throw error;
    });
  },
};

const TRIES = 5;
const RETRIED = ["CodeMismatchException", "ExpiredCodeException", "InvalidPasswordException"];

async function startSrp(
  { USERNAME: name, SRP_A: clientValue }: Readonly<Record<string, string>>,
  client: ClientSettings,
  { sessions, state }: OperationContext,
): Promise<object> {
  if (!name || !clientValue)
    throw new CognitoError("InvalidParameterException", `Missing required parameter ${name ? "SRP_A" : "USERNAME"}`);
  const verifier = state.verifier(name);
  const exchange = startExchange(clientValue, verifier);
  if (!exchange) throw new CognitoError("InvalidParameterException", "SRP_A is not a value of the protocol");
  const canonical = name.toLowerCase();
  const challenge: PasswordChallenge = { kind: "PASSWORD_VERIFIER", name: canonical, clientId: client.id, exchange };
  return {
    ChallengeName: "PASSWORD_VERIFIER",
    ChallengeParameters: {
      SALT: verifier.salt,
      SECRET_BLOCK: sessions.open(challenge),
      SRP_B: exchange.publicValue,
      USERNAME: canonical,
      USER_ID_FOR_SRP: canonical,
    },
  };
}

async function proveSrp(
  responses: Readonly<Record<string, string>>,
  client: ClientSettings,
  context: OperationContext,
): Promise<object> {
  const { PASSWORD_CLAIM_SECRET_BLOCK: block = "", TIMESTAMP: time = "" } = responses;
  const challenge = context.sessions.take(block, isPasswordChallenge);
  if (!challenge || challenge.clientId !== client.id) throw WRONG;
  const signed = Buffer.concat([
    Buffer.from(context.state.identity(challenge.name)),
    Buffer.from(block, "base64"),
    Buffer.from(time),
  ]);
  const signature = Buffer.from(responses.PASSWORD_CLAIM_SIGNATURE ?? "", "base64");
  if (!challenge.exchange.proves(signature, signed)) throw WRONG;
  return next(challenge.name, context.state.user(challenge.name), client, context);
}

async function byPassword(
  { USERNAME: name, PASSWORD: password }: Readonly<Record<string, string>>,
  client: ClientSettings,
  context: OperationContext,
): Promise<object> {
  if (!name || !password)
    throw new CognitoError("InvalidParameterException", `Missing required parameter ${name ? "PASSWORD" : "USERNAME"}`);
  return next(name.toLowerCase(), context.state.authenticate(name, password), client, context);
}

/** What comes after the right password. */
async function next(
  name: string,
  user: User | undefined,
  client: ClientSettings,
  context: OperationContext,
): Promise<object> {
  if (!user?.password) throw WRONG;
  if (!user.enabled) throw new CognitoError("NotAuthorizedException", "User is disabled.");
  if (user.status === "RESET_REQUIRED")
    throw new CognitoError("PasswordResetRequiredException", "Password reset required for the user");
  const challenge = (kind: UserChallenge["kind"], parameters: Readonly<Record<string, string>>) => ({
    ChallengeName: kind,
    Session: context.sessions.open({ kind, name, clientId: client.id } satisfies UserChallenge),
    ChallengeParameters: parameters,
  });
  if (user.status === "FORCE_CHANGE_PASSWORD") {
    const userAttributes = JSON.stringify(user.attributes);
    return challenge("NEW_PASSWORD_REQUIRED", { USER_ID_FOR_SRP: name, requiredAttributes: "[]", userAttributes });
  }
  const { mfa } = context.pool;
  if (mfa !== "OFF" && user.totp?.confirmed && (mfa === "ON" || user.totp.enabled))
    return challenge("SOFTWARE_TOKEN_MFA", { USER_ID_FOR_SRP: name, FRIENDLY_DEVICE_NAME: "authenticator" });
  if (mfa === "ON") return challenge("MFA_SETUP", { USER_ID_FOR_SRP: name, MFAS_CAN_SETUP: '["SOFTWARE_TOKEN_MFA"]' });
  return granted(name, user, client, context);
}

async function answerChallenge(
  { kind, name }: UserChallenge,
  user: User,
  responses: Readonly<Record<string, string>>,
  client: ClientSettings,
  context: OperationContext,
): Promise<object> {
  if (kind === "NEW_PASSWORD_REQUIRED") {
    const password = responses.NEW_PASSWORD ?? "";
    checkPassword(password, context.pool);
    context.state.change(user, { password: context.state.verifierOf(name, password), status: "CONFIRMED" });
    return next(name, user, client, context);
  }
  const { totp } = user;
  if (kind === "MFA_SETUP") {
    if (!totp?.confirmed) throw new CognitoError("NotAuthorizedException", "Software token is not verified.");
    return granted(name, user, client, context);
  }
  const step = totp && stepOfCode(totp.secret, responses.SOFTWARE_TOKEN_MFA_CODE ?? "", context.now());
  if (!totp || step === undefined) throw new CognitoError("CodeMismatchException", "Invalid code received for user");
  if (step <= totp.step)
    throw new CognitoError("ExpiredCodeException", "Your software token has already been used once.");
  context.state.change(user, { totp: { ...totp, step } });
  return granted(name, user, client, context);
}

async function granted(name: string, user: User, client: ClientSettings, context: OperationContext): Promise<object> {
  const tokens = await grant(name, user, client, context, "TokenGeneration_Authentication");
  return { AuthenticationResult: tokens, ChallengeParameters: {} };
}

function isPasswordChallenge(value: unknown): value is PasswordChallenge {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "PASSWORD_VERIFIER";
}

export function isUserChallenge(value: unknown): value is UserChallenge {
  const kinds = ["NEW_PASSWORD_REQUIRED", "MFA_SETUP", "SOFTWARE_TOKEN_MFA"];
  return typeof value === "object" && value !== null && "kind" in value && kinds.includes(String(value.kind));
}
