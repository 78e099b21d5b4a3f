import { ofType, type Plan } from "../plan.ts";
import type { DeclaredRole } from "./roles.ts";
import type { Fact } from "./side.ts";
import { peopleOf } from "./words.ts";

/** Rights of MLflow's own RBAC, each holding those before it. Source: mlflow `server/auth/permissions.py`. */
const RIGHTS = ["READ", "USE", "EDIT", "MANAGE"];

interface Directory {
  readonly roles?: Readonly<Record<string, { readonly persona: string; readonly workspaces: readonly string[] }>>;
  readonly workspaces?: Readonly<Record<string, readonly string[]>>;
  readonly personas?: Readonly<
    Record<
      string,
      {
        readonly mlflow?: Readonly<Record<string, string>>;
        readonly isAdmin?: boolean;
        readonly permissions?: readonly string[];
      }
    >
  >;
}

/** Who enters which workspace of MLflow, and what MLflow itself lets each persona do: the variable `GATEHOUSE_ACCESS` of its container. */
export function tenantFacts(plan: Plan, roles: readonly DeclaredRole[]): readonly Fact[] {
  return directories(plan).flatMap((directory) => [
    ...Object.entries(directory.roles ?? {}).flatMap(([role, { persona, workspaces }]) => {
      const who = roles.find(({ name }) => name === role)?.who ?? `role \`${role}\``;
      return [
        ...workspaces.map((workspace) => tenant(who, `enter workspace \`${workspace}\``, role)),
        tenant(who, `be ${peopleOf(persona)} inside MLflow`, role),
      ];
    }),
    ...Object.entries(directory.workspaces ?? {}).flatMap(([workspace, groups]) =>
      (groups.length ? groups.map((group) => `members of group \`${group}\``) : ["everyone with a persona"]).map(
        (who) => tenant(who, `enter workspace \`${workspace}\` through the browser`, workspace),
      ),
    ),
    ...Object.entries(directory.personas ?? {}).flatMap(
      ([persona, { mlflow = {}, isAdmin = false, permissions = [] }]) => [
        ...Object.entries(mlflow).flatMap(([kind, right]) =>
          held(right).map((each) =>
            tenant(
              peopleOf(persona),
              `${each} every ${kind.replaceAll("_", " ")} of their workspaces (MLflow's RBAC)`,
              right,
            ),
          ),
        ),
        ...permissions.map((permission) =>
          tenant(peopleOf(persona), `pass MLflow's own check of \`${permission}\``, permission),
        ),
        ...(isAdmin ? [tenant(peopleOf(persona), "administer all workspaces (MLflow's is_admin)", "isAdmin")] : []),
      ],
    ),
  ]);
}

/** A right and all that it holds; one that we don't know stands for itself. */
function held(right: string): readonly string[] {
  const index = RIGHTS.indexOf(right);
  return right === "NO_PERMISSIONS" ? [] : index < 0 ? [right] : RIGHTS.slice(0, index + 1);
}

function directories(plan: Plan): readonly Directory[] {
  return ofType(plan, "aws:ecs/taskDefinition:TaskDefinition").flatMap(({ state }) => {
    if (typeof state.containerDefinitions !== "string") return [];
    const containers = JSON.parse(state.containerDefinitions) as readonly {
      environment?: readonly { name: string; value: string }[];
    }[];
    // The containers of one task are told the same.
    const values = containers.flatMap(({ environment = [] }) =>
      environment.filter(({ name }) => name === "GATEHOUSE_ACCESS"),
    );
    return [...new Set(values.map(({ value }) => value))].map((value) => JSON.parse(value) as Directory);
  });
}

function tenant(who: string, may: string, evidence: string): Fact {
  return { key: `tenant|${who}|${may}`, area: "tenant", who, may, evidence };
}
