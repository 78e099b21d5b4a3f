import type { Persona } from "../authorizer/catalogue/personas.ts";
import { ofType, type Plan, type Resource, text } from "../plan/plan.ts";
import type { LocalUser } from "./issuer/index.ts";
import type { AccessSetting } from "./mlflowContainer.ts";

/** A user profile of a consumer stack, with the role it runs as. */
export interface Profile {
  /** `<consumer>/<profile>`. */
  readonly key: string;
  readonly person: string;
  readonly persona: string;
  readonly executionRoleArn: string;
  /** What the consumer stack says a client of this profile needs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Central role per persona that the consumer's people can try to assume. */
  readonly personaRoleArns: Readonly<Record<string, string>>;
}

/** The profiles that a consumer stack declares; persona and person are read from the execution role's path and tag. */
export function profilesOf(plan: Plan): readonly Profile[] {
  return readProfiles(plan, "executionRoleArns", "clientEnvironment", "");
}

/** Its jobs that are nobody's, as profiles called `job-<name>`. */
export function jobsOf(plan: Plan): readonly Profile[] {
  return readProfiles(plan, "jobRoleArns", "jobEnvironment", "job-");
}

function readProfiles(plan: Plan, roleArns: string, environment: string, prefix: string): readonly Profile[] {
  const roles = new Map(ofType(plan, "aws:iam/role:Role").map((role) => [text(role, "arn"), role]));
  const arns = (plan.outputs[roleArns] ?? {}) as Readonly<Record<string, string>>;
  const environments = (plan.outputs[environment] ?? {}) as Readonly<Record<string, Record<string, string>>>;
  const personaRoleArns = (plan.outputs.personaRoleArns ?? {}) as Readonly<Record<string, string>>;
  return Object.entries(arns).flatMap(([name, executionRoleArn]) => {
    const profile = `${prefix}${name}`;
    const role = roles.get(executionRoleArn);
    // role/gatehouse/<persona>/gatehouse-<consumer>-<profile>
    const match = /:role\/gatehouse\/([a-z0-9-]+)\/gatehouse-(.+)$/.exec(executionRoleArn);
    const [, persona, rest] = match ?? [];
    if (!role || persona === undefined || !rest?.endsWith(`-${profile}`)) return [];
    const consumer = rest.slice(0, -profile.length - 1);
    const key = `${consumer}/${profile}`;
    return [
      {
        key,
        person: personOf(role),
        persona,
        executionRoleArn,
        environment: environments[name] ?? {},
        personaRoleArns,
      },
    ];
  });
}

function personOf(role: Resource): string {
  return String((role.state.tags as Readonly<Record<string, string>> | undefined)?.["gatehouse:person"]);
}

/**
 * One user of the local pool per persona: the first profile's person who has it, or a user called like the persona.
 *
 * @param password gives a user's password
 */
export function localUsers(
  personas: readonly Persona[],
  profiles: readonly Profile[],
  access: AccessSetting,
  password: (name: string) => string,
): readonly LocalUser[] {
  const workspaceGroups = [...new Set(Object.values(access.workspaces).flatMap((groups) => groups?.slice(0, 1) ?? []))];
  return personas.map((persona) => {
    const name = profiles.find((profile) => profile.persona === persona.name)?.person ?? persona.name;
    return { name, password: password(name), groups: [...new Set([persona.group, ...workspaceGroups])] };
  });
}
