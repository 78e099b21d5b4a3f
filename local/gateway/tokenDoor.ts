import type { RequestContext } from "../../authorizer/policy/conditions.ts";
import { AUTHORIZER_ARN_CHARACTERS, list, type PolicyDocument } from "../../authorizer/policy/document.ts";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import { declared, policyDocument } from "../declared.ts";
import { type HeaderList, headerValues } from "../httpMessage.ts";
import type { Api, TokenAuthorizer } from "./api.ts";
import type { AuthorizerFunction } from "./lambda.ts";
import { REFUSALS, Refusal } from "./refusal.ts";

/** What the authorizer said of a token. */
export interface Identity {
  readonly principalId: string;
  readonly document: PolicyDocument;
  /** Values as text, as API Gateway hands them on. */
  readonly context: Readonly<Record<string, string>>;
}

/** Answers kept at most; the oldest goes first. */
const KEPT_ANSWERS = 1000;

/** Identifies callers by their token, as API Gateway does with a TOKEN authorizer; answers are kept for the time that the program declares. */
export function tokenDoor(call: AuthorizerFunction, now: () => number) {
  const kept = new Map<string, { readonly identity: Identity; readonly until: number }>();

  /** @throws Refusal */
  return async (authorizer: TokenAuthorizer, headers: HeaderList, methodArn: string): Promise<Identity> => {
    const values = headerValues(headers, authorizer.header);
    const [token] = values;
    // Two tokens would be two identities: which one counts must not be left to chance.
    if (!token || values.length > 1)
      throw new Refusal(REFUSALS.unauthorized, `the header ${authorizer.header} must be sent once`);
    if (authorizer.validation && !authorizer.validation.test(token))
      throw new Refusal(REFUSALS.unauthorized, `the header ${authorizer.header} does not hold a token`);
    const known = kept.get(token);
    if (known && known.until > now()) return known.identity;
    kept.delete(token);
    const identity = await ask(call, token, methodArn);
    if (authorizer.cacheSeconds > 0) {
      const [oldest] = kept.keys();
      if (kept.size >= KEPT_ANSWERS && oldest !== undefined) kept.delete(oldest);
      kept.set(token, { identity, until: now() + authorizer.cacheSeconds * 1000 });
    }
    return identity;
  };
}

async function ask(call: AuthorizerFunction, token: string, methodArn: string): Promise<Identity> {
  let output: unknown;
  try {
    output = await call({ type: "TOKEN", authorizationToken: token, methodArn });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Exactly this message means 401; any other is a fault. Source: API Gateway guide, "Use API Gateway Lambda authorizers".
    if (message === "Unauthorized") throw new Refusal(REFUSALS.unauthorized, "the authorizer refuses the token");
    throw new Refusal(REFUSALS.authorizerFailed, `the authorizer failed: ${message}`);
  }
  try {
    return identityOf(output);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(REFUSALS.authorizerInvalid, `the authorizer's answer is not one that API Gateway takes: ${why}`);
  }
}

/** Checks an answer as API Gateway does. Source: API Gateway guide, "Output from an API Gateway Lambda authorizer". */
function identityOf(output: unknown): Identity {
  const { principalId, policyDocument: document, context } = declared(output);
  if (typeof principalId !== "string" || !principalId) throw new Error("principalId is missing");
  if (typeof document !== "object") throw new Error("policyDocument is missing");
  const policy = policyDocument(document, "policyDocument");
  for (const { Resource: resource, NotResource: notResource } of policy.Statement) {
    if ([...list(resource), ...list(notResource)].some((arn) => arn.length > AUTHORIZER_ARN_CHARACTERS))
      throw new Error(`a resource is longer than ${AUTHORIZER_ARN_CHARACTERS} characters`);
  }
  const values = Object.entries(declared(context)).map(([name, value]) => {
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
      throw new Error(`context.${name} is not a string, number or boolean`);
    return [name, String(value)] as const;
  });
  return { principalId, document: policy, context: Object.fromEntries(values) };
}

/** Whether the authorizer's policy allows the method, and the API's resource policy doesn't deny it. @throws Refusal */
export function authorizeToken(api: Api, identity: Identity, methodArn: string, context: RequestContext): void {
  const request = { action: "execute-api:Invoke", resource: methodArn, context };
  const own = evaluate([identity.document], request);
  // To a resource policy, a caller with a token is anonymous.
  const anonymous = { ...request, principal: { type: "AWS" as const, id: "*" } };
  const resource = api.resourcePolicy ? evaluate([api.resourcePolicy], anonymous) : undefined;
  if (own.effect === "allow" && resource?.effect !== "explicitDeny") return;
  const explicit = own.effect === "explicitDeny" || resource?.effect === "explicitDeny";
  const message = REFUSALS.accessDenied.message + (explicit ? " with an explicit deny" : "");
  const reason =
    own.effect === "allow"
      ? "the API's resource policy denies it"
      : (identity.context.message ?? "the authorizer's policy doesn't allow it");
  throw new Refusal({ ...REFUSALS.accessDenied, message }, reason);
}
