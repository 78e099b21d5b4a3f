import { partsOf } from "./cloud.ts";
import type { Properties } from "./wire.ts";

/** Properties that AWS never changes: another value makes another resource. Of the types whose changes the tests look at. */
const IDENTITY: Readonly<Record<string, readonly string[]>> = {
  "aws:apigateway/deployment:Deployment": ["restApi", "triggers"],
  "aws:ecs/taskDefinition:TaskDefinition": ["containerDefinitions", "cpu", "family", "memory"],
  "aws:iam/policy:Policy": ["description", "name", "path"],
  "aws:iam/role:Role": ["name", "path"],
  "aws:iam/rolePolicy:RolePolicy": ["name", "role"],
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ["policyArn", "role"],
  "random:index/randomBytes:RandomBytes": ["keepers", "length"],
  "random:index/randomPassword:RandomPassword": ["keepers", "length", "special"],
};

/** Properties of a type that make another resource when they change. */
export function identityOf(type: string): readonly string[] {
  return IDENTITY[type] ?? [];
}

/** AWS's own protection against deletion, as each service spells it. @throws Error as AWS refuses */
export function refuseProtected(urn: string, state: Properties): void {
  const { deletionProtection, enableDeletionProtection } = state;
  if (deletionProtection === true || deletionProtection === "ACTIVE" || enableDeletionProtection === true)
    throw new Error(`${partsOf(urn).name} can't be deleted: its deletion protection is on`);
}
