import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { ofType, type Plan, PlanFitError, type Resource, text } from "../../plan/plan.ts";
import { declared, declaredList, numberOf, policyDocument, stringList, stringMap, stringOf } from "../declared.ts";

/** A role as the stacks declare it, with everything that decides what its sessions may do. */
export interface Role {
  readonly arn: string;
  readonly account: string;
  readonly name: string;
  readonly path: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly trust: PolicyDocument;
  /** Inline and attached policies. */
  readonly policies: readonly PolicyDocument[];
  /** Ceiling of the rights; an unknown one allows nothing. */
  readonly boundary: PolicyDocument | undefined;
  readonly maxSessionSeconds: number;
}

/** Source: IAM API, `CreateRole` → `MaxSessionDuration`. */
const DEFAULT_SESSION_SECONDS = 3600;

const NOTHING: PolicyDocument = { Version: "2012-10-17", Statement: [] };

/** All roles of the given stacks by ARN. @throws when a policy can't be read */
export function rolesOf(plans: readonly Plan[]): ReadonlyMap<string, Role> {
  const managed = new Map(
    plans
      .flatMap((plan) => ofType(plan, "aws:iam/policy:Policy"))
      .map((policy) => [text(policy, "arn"), policyDocument(policy.inputs.policy, policy.name)]),
  );
  return new Map(
    plans.flatMap((plan) =>
      ofType(plan, "aws:iam/role:Role").map((resource) => {
        const role = roleOf(resource, plan, managed);
        return [role.arn, role] as const;
      }),
    ),
  );
}

function roleOf(resource: Resource, plan: Plan, managed: ReadonlyMap<string, PolicyDocument>): Role {
  const arn = text(resource, "arn");
  const account = /^arn:[a-z-]+:iam::(\d{12}):role\//.exec(arn)?.[1];
  if (account === undefined) throw new PlanFitError(`role ${resource.name}: "${arn}" is not the ARN of a role`);
  const mine = (other: Resource) =>
    [resource.id, stringOf(resource.state.name), arn].includes(stringOf(other.inputs.role));
  const attached = [
    ...stringList(resource.inputs.managedPolicyArns),
    ...ofType(plan, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
      .filter(mine)
      .map((attachment) => text(attachment, "policyArn")),
  ];
  const boundary = stringOf(resource.inputs.permissionsBoundary);
  return {
    arn,
    account,
    name: arn.slice(arn.lastIndexOf("/") + 1),
    path: stringOf(resource.inputs.path) ?? "/",
    tags: { ...stringMap(declared(resource.state).tagsAll), ...stringMap(resource.inputs.tags) },
    trust: policyDocument(resource.inputs.assumeRolePolicy, `${resource.name}: trust policy`),
    policies: [
      ...declaredList(resource.inputs.inlinePolicies).map((inline) => policyDocument(inline.policy, resource.name)),
      ...ofType(plan, "aws:iam/rolePolicy:RolePolicy")
        .filter(mine)
        .map((inline) => policyDocument(inline.inputs.policy, inline.name)),
      // AWS's own managed policies are in no stack and grant nothing here: the parts of this machine need none of them.
      ...new Set(attached.flatMap((policyArn) => managed.get(policyArn) ?? [])),
    ],
    boundary: boundary === undefined ? undefined : (managed.get(boundary) ?? NOTHING),
    maxSessionSeconds: numberOf(resource.inputs.maxSessionDuration) ?? DEFAULT_SESSION_SECONDS,
  };
}
