import type { Plan } from "../plan.ts";
import { worldOf } from "./world.ts";

/** Profiles of Studio with the person whom their role is bound to. */
export function profileRoles(
  plan: Plan,
): readonly { readonly profile: string; readonly role: string; readonly person: string | null }[] {
  const { roles, profiles } = worldOf([plan]);
  return profiles.flatMap(({ name, role: arn }) => {
    const role = roles.find((each) => each.arn === arn);
    return role ? [{ profile: name, role: role.name, person: role.person }] : [];
  });
}
