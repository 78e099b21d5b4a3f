import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import type { RequestContext } from "../../authorizer/policy/conditions.ts";
import { evaluate } from "../../authorizer/policy/evaluate.ts";
import { type Assumed, type AssumeSettings, boundSeconds, StsError } from "./assume.ts";
import type { Session } from "./principal.ts";

/** What AssumeRoleWithWebIdentity is asked; nobody signs it: the token alone says who asks. */
export interface WebIdentityInput {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly token: string;
  readonly seconds?: number | undefined;
}

/** Issuer (host and path, as in the ARN of an OpenID provider) → the keys that it signs with. */
export type WebIdentityKeys = Readonly<Record<string, JSONWebKeySet>>;

/** What STS takes of a token. Source: STS API, `AssumeRoleWithWebIdentity`; IAM reference, "Available keys for AWS OIDC federation". */
const ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/**
 * A role session for whoever holds a token of an OpenID provider that the role's trust policy names.
 *
 * @param keys of the issuers that are believed: none, and every token is refused
 * @throws StsError
 */
export async function assumeRoleWithWebIdentity(
  input: WebIdentityInput,
  { roles, mint, now }: AssumeSettings & { readonly now: () => number },
  keys: WebIdentityKeys,
): Promise<Assumed> {
  const target = roles.get(input.roleArn);
  const seconds = boundSeconds(input.sessionName, input.seconds, target?.maxSessionSeconds);
  const claims = await verified(input.token, keys, now);
  const denied = (reason: string) =>
    new StsError("AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity", reason);
  // AWS says the same of a role that isn't there and of one that may not be assumed.
  if (!target) throw denied(`no stack declares the role ${input.roleArn}`);
  const { issuer, sub, aud } = claims;
  const partition = target.arn.split(":")[1] ?? "aws";
  const context: RequestContext = {
    [`${issuer}:aud`]: aud,
    [`${issuer}:sub`]: sub,
    "sts:RoleSessionName": input.sessionName,
  };
  const verdict = evaluate([target.trust], {
    action: "sts:AssumeRoleWithWebIdentity",
    resource: target.arn,
    principal: { type: "Federated", id: `arn:${partition}:iam::${target.account}:oidc-provider/${issuer}` },
    context,
  });
  if (verdict.effect !== "allow")
    throw denied(`the trust policy of ${target.name} doesn't let in ${sub} of ${issuer} for ${aud}`);
  const session: Session = { role: target, name: input.sessionName, tags: {}, sourceIdentity: undefined };
  return { session, credentials: mint(session, seconds) };
}

interface Claims {
  readonly issuer: string;
  readonly sub: string;
  readonly aud: string;
}

async function verified(token: string, keys: WebIdentityKeys, now: () => number): Promise<Claims> {
  const invalid = (reason: string) =>
    new StsError("InvalidIdentityToken", 400, "The web identity token provided could not be validated", reason);
  const said = unverifiedIssuer(token);
  const known = said !== undefined && Object.hasOwn(keys, said) ? keys[said] : undefined;
  if (said === undefined || known === undefined)
    throw invalid(`tokens of ${said?.slice(0, 200) ?? "no issuer"} are not believed here: no keys of it were given`);
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(known), {
      issuer: `https://${said}`,
      algorithms: ALGORITHMS,
      currentDate: new Date(now()),
      requiredClaims: ["sub", "aud", "exp", "iat"],
    });
    const { sub, aud } = payload;
    if (typeof sub !== "string" || typeof aud !== "string") throw invalid("sub and aud must be one text each");
    return { issuer: said, sub, aud };
  } catch (error) {
    if (error instanceof errors.JWTExpired)
      throw new StsError("ExpiredTokenException", 400, "Token must not be expired", error.message);
    if (error instanceof StsError) throw error;
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

/** Host and path of `iss`, before anything of the token is believed: it only picks the keys. */
function unverifiedIssuer(token: string): string | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    const { iss } = payload as { iss?: unknown };
    return typeof iss === "string" && iss.startsWith("https://") ? iss.slice("https://".length) : undefined;
  } catch {
    return undefined;
  }
}
