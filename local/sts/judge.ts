import type { RequestContext } from "../../authorizer/policy/conditions.ts";
import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { evaluate, type Request, type Verdict } from "../../authorizer/policy/evaluate.ts";
import { principalContext, principalOf, type Session } from "./principal.ts";
import type { Role } from "./roles.ts";

/** What the caller's own side says: its policies, narrowed by its boundary. */
export function identityVerdict(role: Role, request: Request): Verdict {
  const own = evaluate(role.policies, request);
  if (own.effect !== "allow" || !role.boundary) return own;
  const ceiling = evaluate([role.boundary], request);
  return ceiling.effect === "allow" ? own : { effect: ceiling.effect };
}

export interface AssumeQuestion {
  readonly caller: Session;
  readonly target: Role;
  readonly action: "sts:AssumeRole" | "sts:TagSession" | "sts:SetSourceIdentity";
  readonly context: RequestContext;
  readonly organizations: Readonly<Record<string, string>>;
}

/**
 * Whether a session may do what its call asks of a role: undefined when it may, else which side refuses, for the log.
 *
 * The role's trust policy must allow it. The caller's own policies must too, unless the trust policy names the caller's very role and both are in
 * one account. Source: IAM User Guide, "Cross-account policy evaluation logic" and "Policies and the root user".
 */
export function whyNot(question: AssumeQuestion): string | undefined {
  const { caller, target, action } = question;
  const request: Request = {
    action,
    resource: target.arn,
    principal: principalOf(caller),
    context: { ...principalContext(caller, question.organizations), ...question.context },
  };
  const trust = evaluate([target.trust], request);
  if (trust.effect !== "allow") return `the trust policy of ${target.name} ${words(trust)} ${action}`;
  const own = identityVerdict(caller.role, request);
  if (own.effect === "allow") return undefined;
  if (own.effect === "implicitDeny" && caller.role.account === target.account && !caller.role.boundary) {
    if (namesCaller(target.trust, request)) return undefined;
  }
  return `the policies of ${caller.role.name} ${words(own)} ${action} on ${target.arn}`;
}

/** Whether the trust policy allows the caller by its own ARN, not through its account. */
function namesCaller(trust: PolicyDocument, request: Request): boolean {
  if (!request.principal) return false;
  const { account: _, ...withoutAccount } = request.principal;
  return evaluate([trust], { ...request, principal: withoutAccount }).effect === "allow";
}

function words(verdict: Verdict): string {
  return verdict.effect === "explicitDeny"
    ? `denies (statement ${verdict.sid ?? verdict.statement ?? "?"})`
    : "doesn't allow";
}
