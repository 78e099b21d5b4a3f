import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Operation, OperationContext } from "./context.ts";
import { CognitoError, read, TEXT } from "./errors.ts";
import { checkPassword } from "./password.ts";
import type { User } from "./state.ts";

const ATTRIBUTES = z.array(z.object({ Name: TEXT, Value: z.string().max(2048) })).default([]);
const POOL = z.object({ UserPoolId: TEXT });
const PAGE = POOL.extend({
  Limit: z.number().int().min(0).max(60).nullish(),
  PaginationToken: TEXT.nullish(),
  NextToken: TEXT.nullish(),
});
const USERNAME = POOL.extend({ Username: TEXT });
const GROUP = USERNAME.extend({ GroupName: TEXT });
const CREATE = USERNAME.extend({
  UserAttributes: ATTRIBUTES,
  TemporaryPassword: TEXT.nullish(),
  MessageAction: z.enum(["RESEND", "SUPPRESS"]).nullish(),
  DesiredDeliveryMediums: z.array(TEXT).nullish(),
});
const PASSWORD = USERNAME.extend({ Password: TEXT, Permanent: z.boolean().default(false) });
const UPDATE = USERNAME.extend({ UserAttributes: ATTRIBUTES });

/** What an administrator does with users; every call is signed with an administrator's key. Source: Cognito user pools API reference. */
export const ADMIN_OPERATIONS: Readonly<Record<string, Operation>> = {
  async ListUsers(raw, context) {
    const input = poolInput(PAGE, raw, context);
    const names = [...context.state.users.keys()].sort();
    const page = pageOf(names, input.PaginationToken, input.Limit ?? 60);
    return {
      Users: page.items.map((name) => {
        const { UserAttributes, ...shown } = described(name, userOf(name, context));
        return { ...shown, Attributes: UserAttributes };
      }),
      ...(page.next === undefined ? {} : { PaginationToken: page.next }),
    };
  },

  async ListGroups(raw, context) {
    const input = poolInput(PAGE, raw, context);
    const page = pageOf([...context.pool.groups].sort(), input.NextToken, input.Limit ?? 60);
    return {
      Groups: page.items.map((GroupName) => ({ GroupName, UserPoolId: context.pool.poolId })),
      ...(page.next === undefined ? {} : { NextToken: page.next }),
    };
  },

  async AdminGetUser(raw, context) {
    const input = poolInput(USERNAME, raw, context);
    return described(input.Username.toLowerCase(), userOf(input.Username, context));
  },

  async AdminListGroupsForUser(raw, context) {
    const input = poolInput(USERNAME.extend({ NextToken: TEXT.nullish() }), raw, context);
    const { groups } = userOf(input.Username, context);
    return { Groups: groups.map((GroupName) => ({ GroupName, UserPoolId: context.pool.poolId })) };
  },

  async AdminCreateUser(raw, context) {
    const input = poolInput(CREATE, raw, context);
    const known = context.state.user(input.Username);
    if (input.MessageAction === "RESEND") return resend(input.Username, known, context);
    if (known) throw new CognitoError("UsernameExistsException", "User account already exists");
    const password = input.TemporaryPassword ?? temporaryPassword();
    checkPassword(password, context.pool);
    const user = context.state.addUser(input.Username, {
      password: context.state.verifierOf(input.Username, password),
      groups: [],
      enabled: true,
      status: "FORCE_CHANGE_PASSWORD",
      attributes: Object.fromEntries(input.UserAttributes.map(({ Name, Value }) => [Name, Value])),
      seeded: false,
      managed: true,
      created: context.now(),
    });
    if (input.MessageAction !== "SUPPRESS") invite(input.Username, password, context);
    const { UserAttributes, ...shown } = described(input.Username.toLowerCase(), user);
    return { User: { ...shown, Attributes: UserAttributes } };
  },

  async AdminSetUserPassword(raw, context) {
    const input = poolInput(PASSWORD, raw, context);
    const user = userOf(input.Username, context);
    checkPassword(input.Password, context.pool);
    const status = input.Permanent ? "CONFIRMED" : "FORCE_CHANGE_PASSWORD";
    context.state.change(user, { password: context.state.verifierOf(input.Username, input.Password), status });
    return {};
  },

  async AdminUpdateUserAttributes(raw, context) {
    const input = poolInput(UPDATE, raw, context);
    const user = userOf(input.Username, context);
    const changed = Object.fromEntries(input.UserAttributes.map(({ Name, Value }) => [Name, Value]));
    context.state.change(user, { attributes: { ...user.attributes, ...changed } });
    return {};
  },

  async AdminAddUserToGroup(raw, context) {
    const input = poolInput(GROUP, raw, context);
    const user = userOf(input.Username, context);
    if (!context.pool.groups.has(input.GroupName))
      throw new CognitoError("ResourceNotFoundException", "Group not found.");
    context.state.change(user, { groups: [...new Set([...user.groups, input.GroupName])], managed: true });
    return {};
  },

  async AdminRemoveUserFromGroup(raw, context) {
    const input = poolInput(GROUP, raw, context);
    const user = userOf(input.Username, context);
    context.state.change(user, { groups: user.groups.filter((group) => group !== input.GroupName), managed: true });
    return {};
  },

  async AdminDisableUser(raw, context) {
    const input = poolInput(USERNAME, raw, context);
    context.state.change(userOf(input.Username, context), { enabled: false, managed: true });
    return {};
  },

  async AdminEnableUser(raw, context) {
    const input = poolInput(USERNAME, raw, context);
    context.state.change(userOf(input.Username, context), { enabled: true, managed: true });
    return {};
  },

  async AdminResetUserPassword(raw, context) {
    const input = poolInput(USERNAME, raw, context);
    context.state.change(userOf(input.Username, context), { status: "RESET_REQUIRED" });
    return {};
  },

  async AdminUserGlobalSignOut(raw, context) {
    const input = poolInput(USERNAME, raw, context);
    userOf(input.Username, context);
    context.state.revoke((entry) => entry.user === input.Username.toLowerCase());
    return {};
  },

  async AdminDeleteUser(raw, context) {
    const input = poolInput(USERNAME, raw, context);
    userOf(input.Username, context);
    context.state.remove(input.Username);
    return {};
  },
};

function poolInput<T extends { readonly UserPoolId: string }>(
  schema: z.ZodType<T>,
  raw: unknown,
  { pool }: OperationContext,
): T {
  const input = read(schema, raw);
  if (input.UserPoolId !== pool.poolId)
    throw new CognitoError("ResourceNotFoundException", `User pool ${input.UserPoolId} does not exist.`);
  return input;
}

function userOf(name: string, { state }: OperationContext): User {
  const user = state.user(name);
  if (!user) throw new CognitoError("UserNotFoundException", "User does not exist.");
  return user;
}

function described(name: string, user: User) {
  return {
    Username: name,
    Enabled: user.enabled,
    UserStatus: user.status,
    UserCreateDate: user.created,
    UserLastModifiedDate: user.created,
    UserAttributes: Object.entries({ sub: user.sub, ...user.attributes }).map(([Name, Value]) => ({ Name, Value })),
  };
}

function pageOf(items: readonly string[], after: string | null | undefined, limit: number) {
  const rest = after ? items.filter((item) => item > after) : items;
  const page = rest.slice(0, limit || 60);
  return { items: page, next: rest.length > page.length ? page.at(-1) : undefined };
}

function resend(name: string, user: User | undefined, context: OperationContext): object {
  if (user?.status !== "FORCE_CHANGE_PASSWORD")
    throw new CognitoError("UnsupportedUserStateException", "Resend not possible: the user has chosen a password.");
  const password = temporaryPassword();
  context.state.change(user, { password: context.state.verifierOf(name, password) });
  invite(name, password, context);
  return { User: { Username: name.toLowerCase(), UserStatus: user.status, Enabled: user.enabled } };
}

function invite(name: string, password: string, context: OperationContext): void {
  context.deliver({ user: name.toLowerCase(), subject: "invitation", text: password });
}

/** Meets any policy that Cognito lets one declare. */
function temporaryPassword(): string {
  return `${randomBytes(15).toString("base64url").replaceAll(/[-_]/g, "x")}-Aa1`;
}
