import type { Persona } from "../../authorizer/catalogue/personas.ts";
import type { Permission } from "../../authorizer/catalogue/types.ts";
import { type MlflowRole, mlflowRole } from "../../authorizer/policy/mlflowRole.ts";
import type { CentralSettings } from "../settings/central.ts";
import { ciRoleName, personaRoleName } from "../shared/names.ts";

/** What a session of a persona role is. */
interface DirectoryRole {
  readonly persona: string;
  readonly workspaces: readonly string[];
  /** Nobody's role, such as a workflow's: whatever its session is called, it is `svc:<role>`. */
  readonly service?: true;
}

/** What the package inside MLflow knows of roles, workspaces and personas (environment variable `GATEHOUSE_ACCESS`). */
export interface Directory {
  /** The central account: the only one whose assumed roles are believed. */
  readonly account: string;
  /** Persona roles of the `code` door by name. */
  readonly roles: Readonly<Record<string, DirectoryRole>>;
  /** Workspace → groups whose members enter it through the browser; none: everyone with a persona. */
  readonly workspaces: Readonly<Record<string, readonly string[]>>;
  /** With the catalogue's permissions, so that MLflow refuses what a gateway let through by mistake. */
  readonly personas: Readonly<Record<string, MlflowRole & { readonly permissions: readonly Permission[] }>>;
}

/** The directory that the settings of a central stack describe. */
export function directoryOf(
  settings: Pick<CentralSettings, "account" | "consumers" | "workspaces">,
  personas: readonly Persona[],
): Directory {
  const roles = Object.entries(settings.consumers).flatMap(([consumer, { personas: given, workspaces, github }]) => [
    ...given.map((persona): [string, DirectoryRole] => [personaRoleName(consumer, persona), { persona, workspaces }]),
    ...Object.entries(github).map(([workflow, { persona }]): [string, DirectoryRole] => [
      ciRoleName(consumer, workflow),
      { persona, workspaces, service: true },
    ]),
  ]);
  return {
    account: settings.account,
    roles: Object.fromEntries(roles),
    workspaces: Object.fromEntries(
      Object.entries(settings.workspaces).map(([name, { groups }]) => [name, groups ?? []] as const),
    ),
    personas: Object.fromEntries(
      personas.map((persona) => [persona.name, { ...mlflowRole(persona), permissions: persona.permissions }] as const),
    ),
  };
}
