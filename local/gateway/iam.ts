import type { RequestContext } from "../../authorizer/policy/conditions.ts";
import { evaluate, type Request } from "../../authorizer/policy/evaluate.ts";
import { type SignedRequest, verifySigV4 } from "../sigv4/index.ts";
import { identityVerdict, principalContext, principalOf, type Session, type Sts, sessionArn } from "../sts/index.ts";
import type { Api } from "./api.ts";
import { REFUSALS, Refusal, type RefusalKind } from "./refusal.ts";

export interface IamSettings {
  readonly sts: Pick<Sts, "credentialFor" | "organizations">;
  readonly now: () => number;
  readonly lenient: boolean;
  /** Condition keys of the request itself, such as `aws:SourceIp`. */
  readonly context: RequestContext;
}

/** Gateway response types of SigV4's refusals. */
const RESPONSE_TYPES = {
  MissingAuthenticationTokenException: "MISSING_AUTHENTICATION_TOKEN",
  IncompleteSignatureException: "DEFAULT_4XX",
  InvalidSignatureException: "INVALID_SIGNATURE",
  UnrecognizedClientException: "DEFAULT_4XX",
  ExpiredTokenException: "EXPIRED_TOKEN",
} as const;

/** Who signed the request. @throws Refusal */
export function authenticate(api: Api, request: SignedRequest, settings: IamSettings): Session {
  const result = verifySigV4(request, {
    service: "execute-api",
    regions: [api.region],
    now: settings.now(),
    credentialFor: settings.sts.credentialFor,
    lenient: settings.lenient,
  });
  if (result.ok) return result.principal;
  const { type, status, message, cause } = result;
  throw new Refusal({ responseType: RESPONSE_TYPES[type], status, errorType: type, message }, cause);
}

/**
 * Whether the session may call the method. @throws Refusal
 *
 * Same account: its policies or the API's resource policy; another account: both. An explicit deny of either refuses.
 * Source: API Gateway guide, "How API Gateway resource policies affect authorization workflow", tables A and B.
 */
export function authorize(api: Api, session: Session, methodArn: string, settings: IamSettings): void {
  const request: Request = {
    action: "execute-api:Invoke",
    resource: methodArn,
    principal: principalOf(session),
    context: { ...settings.context, ...principalContext(session, settings.sts.organizations) },
  };
  const own = identityVerdict(session.role, request);
  const resource = api.resourcePolicy ? evaluate([api.resourcePolicy], request) : undefined;
  const refuse = (explicit: boolean, reason: string): never => {
    throw new Refusal(denial(api, session, methodArn, explicit), reason);
  };
  if (own.effect === "explicitDeny")
    refuse(true, `a policy of ${session.role.name} denies it (${own.sid ?? "no Sid"})`);
  if (resource?.effect === "explicitDeny")
    refuse(true, `the API's resource policy denies it (${resource.sid ?? "no Sid"})`);
  const sameAccount = session.role.account === api.account;
  const byOwn = own.effect === "allow";
  // A boundary limits what a role session gets from a resource policy too.
  const byResource = resource?.effect === "allow" && !session.role.boundary;
  const allowed = sameAccount ? byOwn || byResource : byOwn && resource?.effect === "allow";
  if (allowed) return;
  refuse(
    false,
    sameAccount || !byOwn
      ? `no policy of ${session.role.name} allows it`
      : `the caller is of account ${session.role.account}, and the API's resource policy doesn't allow it: assume the persona's role first`,
  );
}

function denial(api: Api, session: Session, methodArn: string, explicit: boolean): RefusalKind {
  // AWS hides all but the last four digits of the API's account.
  const shown = methodArn.replace(`:${api.account}:`, `:********${api.account.slice(-4)}:`);
  const message = `User: ${sessionArn(session)} is not authorized to perform: execute-api:Invoke on resource: ${shown}`;
  return { ...REFUSALS.accessDenied, message: explicit ? `${message} with an explicit deny` : message };
}
