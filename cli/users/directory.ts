import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminDisableUserCommand,
  AdminEnableUserCommand,
  AdminRemoveUserFromGroupCommand,
  AdminUserGlobalSignOutCommand,
  CognitoIdentityProviderClient,
  paginateAdminListGroupsForUser,
  paginateListGroups,
  paginateListUsers,
} from "@aws-sdk/client-cognito-identity-provider";
import { type Administered, clientOf } from "../administered.ts";
import type { WantedUser } from "./wanted.ts";

/** A user as the pool has him. */
export interface PoolUser {
  readonly name: string;
  readonly email: string;
  readonly status: string;
  readonly enabled: boolean;
  readonly groups: readonly string[];
}

/** One thing to do. */
export interface Change {
  readonly name: string;
  readonly what: string;
  readonly apply: () => Promise<void>;
}

/** The users of a pool, over the API that AWS and the local run share. */
export function userDirectory(stack: Administered) {
  const client = new CognitoIdentityProviderClient(clientOf(stack, "userPool"));
  const UserPoolId = stack.userPoolId;

  const groupsOf = async (Username: string) => {
    const groups: string[] = [];
    for await (const page of paginateAdminListGroupsForUser({ client }, { UserPoolId, Username }))
      groups.push(...(page.Groups ?? []).flatMap(({ GroupName }) => GroupName ?? []));
    return groups.sort();
  };

  return {
    async list(): Promise<readonly PoolUser[]> {
      const users: PoolUser[] = [];
      for await (const page of paginateListUsers({ client }, { UserPoolId }))
        for (const {
          Username: name = "",
          Attributes: attributes,
          UserStatus: status,
          Enabled: enabled,
        } of page.Users ?? [])
          users.push({
            name,
            email: attributes?.find(({ Name }) => Name === "email")?.Value ?? "",
            status: status ?? "UNKNOWN",
            enabled: enabled ?? false,
            groups: await groupsOf(name),
          });
      return users;
    },

    async groups(): Promise<readonly string[]> {
      const groups: string[] = [];
      for await (const page of paginateListGroups({ client }, { UserPoolId }))
        groups.push(...(page.Groups ?? []).flatMap(({ GroupName }) => GroupName ?? []));
      return groups.sort();
    },

    /** What has to be done for a user to be as wanted; nothing when he is. Groups that nobody here knows are left alone. */
    changes(wanted: WantedUser, now: PoolUser | undefined, managed: readonly string[]): readonly Change[] {
      const { name: Username } = wanted;
      const target = { UserPoolId, Username };
      const step = (what: string, apply: () => Promise<unknown>): Change => ({
        name: Username,
        what,
        apply: async () => void (await apply()),
      });
      const has = now?.groups ?? [];
      const changes: Change[] = [];
      if (!now)
        changes.push(step(`create, invitation to ${wanted.email}`, () => client.send(created(wanted, UserPoolId))));
      for (const GroupName of wanted.groups)
        if (!has.includes(GroupName))
          changes.push(
            step(`into ${GroupName}`, () => client.send(new AdminAddUserToGroupCommand({ ...target, GroupName }))),
          );
      let loses = false;
      for (const GroupName of has)
        if (managed.includes(GroupName) && !wanted.groups.includes(GroupName)) {
          loses = true;
          changes.push(
            step(`out of ${GroupName}`, () =>
              client.send(new AdminRemoveUserFromGroupCommand({ ...target, GroupName })),
            ),
          );
        }
      if (wanted.enabled && now && !now.enabled)
        changes.push(step("enable", () => client.send(new AdminEnableUserCommand(target))));
      if (!wanted.enabled && (now?.enabled ?? true)) {
        loses = true;
        changes.push(step("disable", () => client.send(new AdminDisableUserCommand(target))));
      }
      // His refresh tokens would bring back what he just lost for as long as his login lasts.
      if (loses && now) changes.push(step("sign out", () => client.send(new AdminUserGlobalSignOutCommand(target))));
      return changes;
    },

    close: () => client.destroy(),
  };
}

/** No password is chosen here: Cognito makes a temporary one and mails it. */
function created({ name, email }: WantedUser, UserPoolId: string): AdminCreateUserCommand {
  return new AdminCreateUserCommand({
    UserPoolId,
    Username: name,
    DesiredDeliveryMediums: ["EMAIL"],
    UserAttributes: [
      { Name: "email", Value: email },
      { Name: "email_verified", Value: "true" },
    ],
  });
}
