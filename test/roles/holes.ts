import type { Plan, Resource } from "../../plan/plan.ts";
import type { Run } from "../components/record.ts";

/** A central plan and a consumer's. */
export type Plans = readonly [central: Plan, team: Plan];

/** The plans with a statement more in the policies of one profile's execution role. */
export function granted(plans: Plans, profile: string, statement: object): Plans {
  return changed(plans, "aws:iam/rolePolicy:RolePolicy", `gatehouse-studio-${profile}`, (state) => ({
    policy: added(state.policy, statement),
  }));
}

/** The plans with a statement more in the trust policy of a role. */
export function trusting(plans: Plans, role: string, statement: object): Plans {
  return changed(plans, "aws:iam/role:Role", role, (state) => ({
    assumeRolePolicy: added(state.assumeRolePolicy, statement),
  }));
}

/** The plans with a text replaced in the trust policy of a role. */
export function trustWith(plans: Plans, role: string, change: (document: string) => string): Plans {
  return changed(plans, "aws:iam/role:Role", role, (state) => {
    const assumeRolePolicy = change(String(state.assumeRolePolicy));
    if (assumeRolePolicy === state.assumeRolePolicy) throw new Error(`the hole changes nothing of ${role}`);
    return { assumeRolePolicy };
  });
}

/** The plans with one more resource in the team's. */
export function withResource(
  [central, team]: Plans,
  resource: Pick<Resource, "type" | "name" | "id" | "state">,
): Plans {
  const whole: Resource = { urn: resource.name, parent: null, inputs: resource.state, ...resource };
  return [central, { ...team, resources: [...team.resources, whole] }];
}

/** A role of the team's account with one inline policy. */
export function withRole(plans: Plans, name: string, trust: object, statement: object): Plans {
  const state = {
    name,
    arn: `arn:aws:iam::222222222222:role/${name}`,
    assumeRolePolicy: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
    inlinePolicies: [{ policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) }],
  };
  return withResource(plans, { type: "aws:iam/role:Role", name, id: name, state });
}

function changed(
  plans: Plans,
  type: string,
  name: string,
  change: (state: Resource["state"]) => Record<string, unknown>,
): Plans {
  let hits = 0;
  const inPlan = (plan: Plan): Plan => ({
    ...plan,
    resources: plan.resources.map((resource) => {
      if (resource.type !== type || resource.name !== name) return resource;
      hits += 1;
      const now = change(resource.state);
      return { ...resource, inputs: { ...resource.inputs, ...now }, state: { ...resource.state, ...now } };
    }),
  });
  const [central, team] = plans;
  const result: Plans = [inPlan(central), inPlan(team)];
  if (hits !== 1) throw new Error(`${hits} resources ${type} ${name}`);
  return result;
}

function added(document: unknown, statement: object): string {
  const { Statement, ...rest } = JSON.parse(String(document)) as { Statement: object[] };
  return JSON.stringify({ ...rest, Statement: [...Statement, statement] });
}

/** What a run in this process declared, as a plan. */
export function planOf(run: Run, stack: string): Plan {
  const resources = run.resources.map(({ type, name, inputs, state }) => ({
    urn: `${type} ${name}`,
    type,
    name,
    id: String(state.id),
    parent: null,
    inputs,
    state,
  }));
  return { project: "mlflow-gatehouse", stack, resources, outputs: run.outputs, secrets: [] };
}
