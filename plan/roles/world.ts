import type { PolicyDocument } from "../../authorizer/policy/document.ts";
import { type DeclaredRole, declaredRoles, documentOf, personTag } from "../diff/roles.ts";
import { ofType, type Plan, type Resource } from "../plan.ts";

/** A declared role and what it stands for. */
export interface RoleNode {
  readonly arn: string;
  readonly name: string;
  readonly account: string;
  readonly stack: string;
  /** What its sessions may do at MLflow's door, or null for a role of the machinery. */
  readonly persona: string | null;
  /** `persona`: in the central account, taken under a person's name; `person`: an execution role, bound to its tag; `service`: taken by a job of CI. */
  readonly kind: "persona" | "person" | "service" | "machinery";
  /** Team whose people it serves. */
  readonly consumer: string | null;
  /** Person it is bound to by its tag. */
  readonly person: string | null;
  readonly trust: readonly PolicyDocument[];
  readonly documents: readonly PolicyDocument[];
  /** ARNs of its policies, declared or not. */
  readonly policies: readonly string[];
  /** Policies that no stack declares, so that nobody can say what it may. */
  readonly foreign: readonly string[];
}

/** A profile of Studio: opening it, or a space of it, is being its execution role. */
export interface Profile {
  readonly arn: string;
  readonly name: string;
  readonly domainId: string;
  readonly domainArn: string;
  readonly role: string;
}

export interface World {
  readonly roles: readonly RoleNode[];
  readonly profiles: readonly Profile[];
  /** Domain id → role of its shared spaces. */
  readonly sharedSpaces: readonly { readonly domainId: string; readonly domainArn: string; readonly role: string }[];
  /** Lambda function → its role. */
  readonly functions: readonly { readonly arn: string; readonly role: string }[];
  /** Parameter of an execution role's settings → that role. */
  readonly parameters: readonly { readonly arn: string; readonly role: string }[];
  readonly persons: readonly string[];
}

/** Everything about roles in the given stacks: a central one and those of its consumers. */
export function worldOf(plans: readonly Plan[]): World {
  const roles = plans.flatMap((plan) => declaredRoles(plan).map((role) => nodeOf(role, plan)));
  const each = <T>(type: string, make: (resource: Resource) => T): readonly T[] =>
    plans.flatMap((plan) => ofType(plan, type).map(make));
  const domainArns = new Map(each("aws:sagemaker/domain:Domain", ({ id, state }) => [id, String(state.arn)] as const));
  return {
    roles,
    profiles: each("aws:sagemaker/userProfile:UserProfile", ({ state }) => ({
      arn: String(state.arn),
      name: String(state.userProfileName),
      domainId: String(state.domainId),
      domainArn: domainArns.get(String(state.domainId)) ?? "",
      role: executionRole(state.userSettings),
    })),
    sharedSpaces: each("aws:sagemaker/domain:Domain", ({ id, state }) => ({
      domainId: id,
      domainArn: String(state.arn),
      role: executionRole(state.defaultSpaceSettings),
    })),
    functions: each("aws:lambda/function:Function", ({ state }) => ({
      arn: String(state.arn),
      role: String(state.role),
    })),
    parameters: each("aws:ssm/parameter:Parameter", ({ state }) => ({
      arn: String(state.arn),
      role: roles.find(({ name }) => String(state.name).endsWith(`/${name}`))?.arn ?? "",
    })).filter(({ role }) => role !== ""),
    persons: [...new Set(roles.flatMap(({ person }) => person ?? []))].sort(),
  };
}

function executionRole(settings: unknown): string {
  const role = (settings as { executionRole?: unknown } | undefined)?.executionRole;
  return typeof role === "string" ? role : "";
}

const EXECUTION_ROLE = /:role\/gatehouse\/([a-z0-9-]+)\/gatehouse-/;

function nodeOf({ resource, name, documents, foreign }: DeclaredRole, plan: Plan): RoleNode {
  const arn = String(resource.state.arn);
  const persona = EXECUTION_ROLE.exec(arn)?.[1];
  const central = ofPersona(plan, "personaRoleArns", arn);
  const service = ofPersona(plan, "ciRoleArns", arn);
  const attached = ofType(plan, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    .filter(({ state }) => state.role === name || state.role === resource.id)
    .map(({ state }) => String(state.policyArn));
  return {
    arn,
    name,
    account: /^arn:[a-z-]+:iam::(\d{12}):/.exec(arn)?.[1] ?? "",
    stack: plan.stack,
    persona: central?.persona ?? service?.persona ?? persona ?? null,
    kind: central ? "persona" : service ? "service" : persona === undefined ? "machinery" : "person",
    consumer: central?.consumer ?? service?.consumer ?? (plan.outputs.consumer as string | undefined) ?? null,
    person: personTag(resource) ?? null,
    trust: documentOf(resource.state.assumeRolePolicy).map(({ document }) => document),
    documents: documents.map(({ document }) => document),
    policies: [...new Set([...attached, ...foreign])],
    foreign,
  };
}

/** Meaning of a role in the outputs: consumer → persona → ARN, or consumer → name → {persona, arn}. */
function ofPersona(plan: Plan, output: string, arn: string): { consumer: string; persona: string } | undefined {
  const all = (plan.outputs[output] ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  for (const [consumer, roles] of Object.entries(all))
    for (const [key, value] of Object.entries(typeof roles === "object" ? roles : {})) {
      if (value === arn) return { consumer, persona: key };
      const named = value as { arn?: unknown; persona?: unknown };
      if (typeof value === "object" && named.arn === arn) return { consumer, persona: String(named.persona) };
    }
  return undefined;
}
