import type { Engine } from "./engine/operations.ts";
import type { Automation } from "./open.ts";
import { OrganizationError } from "./organization/errors.ts";
import { chosen, type Member } from "./organization/members.ts";

/** Looks at one stack: `look(automation, "central", outputsOf)`. @throws OrganizationError when there is no such member; EngineError with what `pulumi` said */
export async function look<T>(
  automation: Automation,
  name: string,
  at: (engine: Engine, member: Member) => Promise<T>,
): Promise<T> {
  const organization = automation.organization();
  const [member] = chosen(organization.members, [name]);
  if (!member) throw new OrganizationError(`the organization has no \`${name}\``);
  return at(await automation.engine(organization), member);
}
