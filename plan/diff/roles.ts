import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { ofType, type Plan, type Resource } from "../plan.ts";
import { peopleOf } from "./words.ts";

/** A declared role with every policy that hangs on it. */
export interface DeclaredRole {
  readonly resource: Resource;
  /** Name in IAM. */
  readonly name: string;
  /** The role in people's words, such as "consumer `vision`'s scientists". */
  readonly who: string;
  readonly documents: readonly { readonly from: string; readonly document: PolicyDocument }[];
  /** ARNs of attached policies that the stack doesn't declare, AWS's own for instance. */
  readonly foreign: readonly string[];
}

/** Every role of a plan. A text that is no policy document is skipped: `unreadable` says which those are. */
export function declaredRoles(plan: Plan): readonly DeclaredRole[] {
  const policies = new Map(ofType(plan, "aws:iam/policy:Policy").map((policy) => [policy.state.arn, policy]));
  const attachments = ofType(plan, "aws:iam/rolePolicyAttachment:RolePolicyAttachment");
  const inline = ofType(plan, "aws:iam/rolePolicy:RolePolicy");
  const owners = personaOwners(plan);
  return ofType(plan, "aws:iam/role:Role").map((resource) => {
    const name = (resource.state.name as string | undefined) ?? resource.id;
    const arns = [
      ...attachments
        .filter(({ state }) => state.role === name || state.role === resource.id)
        .map((a) => a.state.policyArn),
      ...(Array.isArray(resource.state.managedPolicyArns) ? resource.state.managedPolicyArns : []),
    ].map(String);
    const own = inline.filter(({ state }) => state.role === name || state.role === resource.id);
    const nested = Array.isArray(resource.inputs.inlinePolicies) ? resource.inputs.inlinePolicies : [];
    return {
      resource,
      name,
      who: owners.get(String(resource.state.arn)) ?? personOf(resource, name),
      documents: [
        ...[...new Set(arns)].flatMap((arn) => documentOf(policies.get(arn)?.state.policy, policies.get(arn)?.name)),
        ...own.flatMap((policy) => documentOf(policy.state.policy, policy.name)),
        ...nested.flatMap((policy: unknown) =>
          documentOf((policy as { policy?: unknown }).policy, `${resource.name} inline`),
        ),
      ],
      foreign: [...new Set(arns)].filter((arn) => !policies.has(arn)),
    };
  });
}

/** A policy document's text, or nothing where it is not known or none. */
export function documentOf(
  text: unknown,
  from = "?",
): readonly { readonly from: string; readonly document: PolicyDocument }[] {
  if (typeof text !== "string") return [];
  try {
    const document = JSON.parse(text) as PolicyDocument;
    if (!("Statement" in document)) return [];
    // AWS takes one statement without a list, too.
    const statements = [document.Statement].flat() as PolicyDocument["Statement"];
    return [{ from, document: { ...document, Statement: statements } }];
  } catch {
    return [];
  }
}

/** Roles that the stack's outputs give a meaning: consumer → persona → ARN. */
function personaOwners(plan: Plan): ReadonlyMap<string, string> {
  const roles = (plan.outputs.personaRoleArns ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  return new Map(
    Object.entries(roles).flatMap(([consumer, byPersona]) =>
      typeof byPersona === "object"
        ? Object.entries(byPersona).map(
            ([persona, arn]) => [String(arn), `consumer \`${consumer}\`'s ${peopleOf(persona)}`] as const,
          )
        : [],
    ),
  );
}

function personOf(role: Resource, name: string): string {
  const person = personTag(role);
  return person === undefined ? `role \`${name}\`` : `${person} (role \`${name}\`)`;
}

/** The person that a role is bound to. */
export function personTag(role: Resource): string | undefined {
  const tags = (role.state.tags ?? role.inputs.tags) as Readonly<Record<string, unknown>> | undefined;
  const person = tags?.["gatehouse:person"];
  return typeof person === "string" ? person : undefined;
}
