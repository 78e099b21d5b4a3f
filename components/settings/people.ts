import { z } from "zod";
import { account, CONSUMER, field, GROUP, PERSONA, text, WORKSPACE } from "./fields.ts";

const github = z.strictObject({
  repository: text(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, "Whose workflows.", "<owner>/<repository>, as GitHub spells it"),
  ref: text(
    /^refs\/(?:heads|tags)\/[^\s*?]{1,200}$/,
    "Branch or tag that a workflow runs on; not beside `environment`.",
    "such as `refs/heads/main`, without wildcard, or null",
  )
    .nullable()
    .default(null),
  environment: text(
    /^[^\s*?:]{1,100}$/,
    "Environment of the repository that a job runs in, whose reviewers GitHub asks first; not beside `ref`.",
    "a name without space or wildcard, or null",
  )
    .nullable()
    .default(null),
  persona: z.string().meta({ description: "What it may.", allowed: "one of the consumer's `personas`" }),
});

const consumer = z.strictObject({
  account: account("Account of the team."),
  personas: field(
    z.array(z.string()).min(1),
    "Personas that roles of this account may take.",
    "a list of personas, never `platform-admin`",
  ),
  workspaces: field(
    z.array(z.string()).min(1),
    "Workspaces of MLflow that its people reach; the first is the default.",
    "a list of keys of `workspaces`",
  ),
  externalId: text(
    /^[\w+=,.@:/-]{8,128}$/,
    "External id that every AssumeRole has to name; needed where `organization` is null.",
    "8 to 128 characters or null",
  )
    .nullable()
    .default(null),
  permissionSets: field(
    z.record(
      z.string().regex(/^[\w+=,.@-]{1,32}$/),
      z.string().meta({ description: "What its people may.", allowed: "one of the consumer's `personas`" }),
    ),
    "Permission sets of IAM Identity Center in the team's account whose people take a persona from a laptop.",
    "name of the permission set: persona",
  ).default({}),
  github: field(
    z.record(z.string().regex(/^(?=.{1,20}$)[a-z](?:-?[a-z0-9])*$/), github),
    "Workflows of GitHub Actions that take a persona without any stored secret.",
    "name: {repository, ref or environment, persona}; a name is 1 to 20 lower-case letters, digits and single hyphens",
  ).default({}),
});

const persona = z.strictObject({
  group: text(GROUP, "Group of the user pool whose members have it.", "a group name").optional(),
  may: field(z.array(z.string()), "Permissions of a persona of your own.", "a list of `<entity>:<effect>`").optional(),
  mayNot: field(
    z.array(z.string()),
    "Permissions taken from a shipped persona.",
    "a list of `<entity>:<effect>`",
  ).optional(),
});

const workspace = z.strictObject({
  groups: field(
    z.array(text(GROUP, "Group of the user pool.", "a group name")),
    "Groups whose members enter it through the browser; none: everyone with a persona. By default a person is in the first of his groups' workspaces.",
    "a list of group names",
  ).optional(),
});

/** The five that ship, narrowed, and more. */
export const personas = field(
  z.record(z.string().regex(PERSONA), persona),
  "The five that ship, narrowed, and your own.",
  "name: {group, may, mayNot}; a name is 2 to 20 lower-case letters, digits and single hyphens",
).default({});

/** Accounts of teams. */
export const consumers = field(
  z.record(z.string().regex(CONSUMER), consumer),
  "Accounts whose roles may take personas here.",
  "name: {account, personas, workspaces, externalId, permissionSets, github}; a name is 2 to 20 lower-case letters, digits and single hyphens",
).default({});

/** Workspaces of MLflow. */
export const workspaces = field(
  z.record(z.string().regex(WORKSPACE), workspace).refine((all) => Object.keys(all).length > 0),
  "Workspaces of MLflow.",
  "at least one name: {groups}; a name is 2 to 63 lower-case letters, digits and hyphens and none of MLflow's reserved words",
);
