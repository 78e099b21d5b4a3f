import { conditionsHold, type RequestContext, substitute } from "./conditions.ts";
import { list, type PolicyDocument, type Statement } from "./document.ts";
import { arnMatches, globMatches } from "./glob.ts";
import { fixedMatches, prepared } from "./prepared.ts";

/** Who asks: the ARN of a role or user (for a role session, of the role), a service, or a federated provider. */
export interface Principal {
  readonly type: "AWS" | "Service" | "Federated";
  readonly id: string;
  /** 12 digits; what `arn:aws:iam::<account>:root` stands for. */
  readonly account?: string;
  /** ARN of the role session, where the principal is one. */
  readonly session?: string;
}

export interface Request {
  /** Such as `execute-api:Invoke`. */
  readonly action: string;
  /** ARN the action is about. */
  readonly resource: string;
  /** Needed by documents that name principals: resource policies and trust policies. */
  readonly principal?: Principal;
  /** Condition keys and policy variables; keys in any letter case. */
  readonly context: RequestContext;
}

export interface Verdict {
  readonly effect: "allow" | "explicitDeny" | "implicitDeny";
  /** Index of the deciding document, and of the deciding statement in it. */
  readonly document?: number;
  readonly statement?: number;
  readonly sid?: string;
}

/**
 * Evaluates documents of one kind (say, all identity policies of a role) for one request, as IAM does: an explicit deny wins, then any allow, then the implicit deny.
 *
 * Fails closed: an element, operator or variable it doesn't know never makes an Allow match and never keeps a Deny from matching.
 * Source: IAM User Guide, "Policy evaluation logic".
 */
export function evaluate(documents: readonly PolicyDocument[], request: Request): Verdict {
  const context = lowerCaseKeys(request.context);
  let allowed: Verdict | undefined;
  for (const [document, { Statement: statements }] of documents.entries()) {
    for (const [index, statement] of statements.entries()) {
      if (allowed && statement.Effect === "Allow") continue;
      if (!applies(statement, request, context)) continue;
      const at = { document, statement: index, ...(statement.Sid === undefined ? {} : { sid: statement.Sid }) };
      if (statement.Effect !== "Allow") return { effect: "explicitDeny", ...at };
      allowed = { effect: "allow", ...at };
    }
  }
  return allowed ?? { effect: "implicitDeny" };
}

function applies(statement: Statement, request: Request, context: RequestContext): boolean {
  // INVARIANT: whatever isn't understood counts against access.
  const unknown = statement.Effect !== "Allow";
  if (prepared(statement).odd) return unknown;
  if (statement.Principal !== undefined && !principalMatches(statement.Principal, request.principal)) return false;
  if (!actionMatches(statement, request.action)) return false;
  const resource = resourceMatches(statement, request.resource, context);
  if (resource === undefined) return unknown;
  if (!resource) return false;
  const conditions = conditionsHold(statement.Condition ?? {}, context);
  return conditions === undefined ? unknown : conditions;
}

function actionMatches(statement: Statement, action: string): boolean {
  const lower = action.toLowerCase();
  const matches = () => prepared(statement).actions.some((pattern) => globMatches(pattern, lower));
  if (statement.Action !== undefined) return matches();
  if (statement.NotAction !== undefined) return !matches();
  return statement.Effect !== "Allow";
}

/** undefined: a variable of the pattern isn't known in this request. */
function resourceMatches(statement: Statement, resource: string, context: RequestContext): boolean | undefined {
  // Trust policies name no resource: they are about the role that holds them.
  if (statement.Resource === undefined && statement.NotResource === undefined) return true;
  const named = prepared(statement);
  const matched = fixedMatches(named, resource) || variableMatches(named.variable, resource, context);
  if (matched === undefined) return undefined;
  return matched === (statement.Resource !== undefined);
}

function variableMatches(patterns: readonly string[], resource: string, context: RequestContext): boolean | undefined {
  let unknown = false;
  for (const pattern of patterns) {
    const filled = substitute(pattern, context);
    if (filled === undefined) unknown = true;
    else if (arnMatches(filled, resource)) return true;
  }
  return unknown ? undefined : false;
}

function principalMatches(element: NonNullable<Statement["Principal"]>, principal: Principal | undefined): boolean {
  if (element === "*") return principal !== undefined;
  if (!principal) return false;
  if (typeof element === "string") return false;
  return list(element[principal.type]).some((value) => {
    if (value === "*") return true;
    if (value === principal.id || value === principal.session) return true;
    if (principal.type !== "AWS" || principal.account === undefined) return false;
    return value === principal.account || new RegExp(`^arn:[a-z-]+:iam::${principal.account}:root$`).test(value);
  });
}

function lowerCaseKeys(context: RequestContext): RequestContext {
  if (Object.keys(context).length === 0) return context;
  return Object.fromEntries(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
}
