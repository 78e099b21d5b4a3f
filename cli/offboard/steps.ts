import type { AccessPolicy } from "../../authorizer/identity/accessPolicy.ts";
import { ofType, type Plan } from "../../plan/plan.ts";
import { profileRoles } from "../../plan/roles/profiles.ts";
import type { accessItem } from "../policy/item.ts";
import type { userDirectory } from "../users/directory.ts";

/** One thing that was done, was so already, or is left for somebody. */
export interface Step {
  readonly what: string;
  readonly state: "done" | "already" | "left" | "would";
}

/** Shuts a person out at both doors. First of all: everything else takes longer. */
export async function revoke(item: ReturnType<typeof accessItem>, person: string, dryRun: boolean): Promise<Step> {
  const now: AccessPolicy = await item.read();
  const since = Object.hasOwn(now.revoked, person) ? now.revoked[person] : undefined;
  if (since !== undefined) return { what: `access policy: revoked since ${since}`, state: "already" };
  if (!dryRun) {
    const { groups, mayNot, revoked } = now;
    await item.write(
      { version: 1, groups, mayNot, revoked: { ...revoked, [person]: new Date().toISOString() } },
      now.item,
    );
  }
  return { what: "access policy: revoked, both doors follow within 30 seconds", state: dryRun ? "would" : "done" };
}

/** Ends his logins: refresh tokens are void at once, and no new login is possible. */
export async function endLogins(
  directory: ReturnType<typeof userDirectory>,
  person: string,
  dryRun: boolean,
): Promise<readonly Step[]> {
  const users = await directory.list();
  const user = users.find(({ name }) => name === person);
  const others = users
    .filter(({ name, email, enabled }) => name !== person && email === person && enabled)
    .map(
      ({ name }): Step => ({
        what: `user pool: ${name} has his e-mail address and is another person to MLflow; offboard him too, or disable him`,
        state: "left",
      }),
    );
  if (!user) return [{ what: "user pool: no such user", state: "already" }, ...others];
  const changes = directory.changes({ ...user, enabled: false }, user, []);
  if (!changes.length) return [{ what: "user pool: disabled", state: "already" }, ...others];
  const steps: Step[] = [];
  for (const { what, apply } of changes) {
    if (!dryRun) await apply();
    steps.push({ what: `user pool: ${what}`, state: dryRun ? "would" : "done" });
  }
  return [...steps, ...others];
}

/** Profiles of Studio that still name him: what he has there goes with the next deployment of their stack. */
export function profilesLeft(plans: readonly Plan[], person: string): readonly Step[] {
  return plans.flatMap((plan) =>
    profileRoles(plan)
      .filter((each) => each.person === person)
      .map(
        ({ profile, role }): Step => ({
          what: `stack ${plan.stack}: ${profile} names him; take it out of \`people\` and deploy, which ends its spaces and the role ${role}`,
          state: "left",
        }),
      ),
  );
}

/** Whether a stack declares profiles at all. */
export function hasProfiles(plan: Plan): boolean {
  return ofType(plan, "aws:sagemaker/userProfile:UserProfile").length > 0;
}
