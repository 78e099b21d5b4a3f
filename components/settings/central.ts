import { z } from "zod";
import {
  account,
  arn,
  CONSUMER,
  field,
  flag,
  GROUP,
  LOG_DAYS,
  networkFields,
  PERSONA,
  tags,
  text,
  WORKSPACE,
  whole,
  word,
} from "./fields.ts";

const HOST = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const ORIGIN = /^https:\/\/[a-z0-9.-]+(?::\d{2,5})?$/;
const DIGEST_URI = /^(?:build|[a-z0-9.-]+(?::\d+)?\/[a-z0-9._/-]+@sha256:[0-9a-f]{64})$/;
const TLS = [
  "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
  "SecurityPolicy_TLS13_1_2_PQ_2025_09",
  "SecurityPolicy_TLS13_1_3_2025_09",
] as const;

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

/** Settings of the central account: MLflow, its two doors and who may come through them. */
export const centralSchema = z.strictObject({
  kind: field(z.literal("central"), "What the stack deploys.", "`central` or `consumer`"),
  account: account("The only account that the stack may be deployed into."),
  organization: text(
    /^o-[a-z0-9]{10,32}$/,
    "AWS Organization that callers have to belong to; null: every consumer needs an externalId.",
    "an organization id such as `o-a1b2c3d4e5`, or null",
  )
    .nullable()
    .default(null),
  tags: tags(),
  network: z
    .strictObject({
      ...networkFields("10.40.0.0/16"),
      nat: word(
        ["none", "single", "perZone"],
        "Way to the internet for MLflow: none (interface endpoints to AWS instead), one NAT gateway, or one per zone.",
      ).default("none"),
    })
    .prefault({}),
  server: z
    .strictObject({
      image: text(
        DIGEST_URI,
        "Image of MLflow: built from docker/, or one that exists.",
        "`build` or <repository>@sha256:<digest>",
      ).default("build"),
      architecture: word(["arm64", "x86_64"], "Processor of the tasks.").default("arm64"),
      cpu: field(
        z.literal([512, 1024, 2048, 4096, 8192, 16384]),
        "CPU units of one task (1024 = one vCPU).",
        "512, 1024, 2048, 4096, 8192, 16384",
      ).default(1024),
      memory: whole(1024, 122880, "MiB of one task; MLflow takes about 250 and each worker as much again.").default(
        4096,
      ),
      workers: whole(1, 64, "Processes of MLflow in one task.").default(2),
      tasks: z
        .strictObject({
          min: whole(1, 50, "Tasks at least; below 2 a zone's failure stops MLflow.").default(2),
          max: whole(1, 100, "Tasks at most.").default(6),
        })
        .prefault({}),
      aiGateway: flag("Turns on MLflow's AI gateway and gives its role the right to invoke Bedrock models.").default(
        false,
      ),
    })
    .prefault({}),
  database: z
    .strictObject({
      minAcu: field(
        z.number().min(0).max(256).multipleOf(0.5),
        "Aurora capacity at least; 0 lets it pause, which costs 15 to 30 s at the next request.",
        "0 to 256 in steps of 0.5",
      ).default(0.5),
      maxAcu: field(
        z.number().min(1).max(256).multipleOf(0.5),
        "Aurora capacity at most.",
        "1 to 256 in steps of 0.5",
      ).default(4),
      backupDays: whole(1, 35, "Days that automatic backups are kept.").default(14),
      deletionProtection: flag("Refuses to delete the database and its data.").default(true),
    })
    .prefault({}),
  artifacts: z
    .strictObject({
      keepOldVersionsDays: whole(1, 3650, "Days that an overwritten or deleted artifact can be restored.").default(90),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      stage: text(
        /^[a-z][a-z0-9_-]{0,30}$/,
        "Stage: the last part of both addresses, and of every ARN in a policy.",
        "lower-case letters, digits, `_` and `-`; not the first part of a path of MLflow",
      ).default("prod"),
      internalCertificateArn: arn("acm", "Certificate of the load balancer; null: HTTP inside the VPC link.")
        .nullable()
        .default(null),
      internalName: text(HOST, "Name in that certificate, which the gateway checks.", "a host name or null")
        .nullable()
        .default(null),
      tls: word(TLS, "TLS policy of both addresses.").default(TLS[0]),
      throttle: z
        .strictObject({
          rate: whole(1, 10000, "Requests a second, per door.").default(200),
          burst: whole(1, 5000, "Requests at once, per door.").default(400),
        })
        .prefault({}),
      tokenCacheSeconds: whole(
        0,
        300,
        "How long the gateway keeps the answer for a token: the longest time that a removed group still works.",
      ).default(300),
      webAclArn: arn("wafv2", "Regional web ACL in front of both doors.").nullable().default(null),
      logDays: field(
        z.literal(LOG_DAYS),
        "Days that access logs are kept.",
        "a retention of CloudWatch Logs, such as 30, 90, 365, 731",
      ).default(365),
      logRole: flag(
        "Sets the role with which API Gateway writes logs: one per account and region; false where another stack owns it.",
      ).default(true),
    })
    .prefault({}),
  personas: field(
    z.record(z.string().regex(PERSONA), persona),
    "The five that ship, narrowed, and your own.",
    "name: {group, may, mayNot}; a name is 2 to 20 lower-case letters, digits and single hyphens",
  ).default({}),
  login: z
    .strictObject({
      mfa: word(["off", "optional", "required"], "Second factor (an authenticator app).").default("optional"),
      accessTokenMinutes: whole(5, 1440, "Life of a token.").default(15),
      refreshTokenHours: whole(1, 87600, "How long a login lasts.").default(12),
      passwordFlow: flag(
        "Also lets clients send user name and password instead of SRP, which never sends the password.",
      ).default(false),
      deletionProtection: flag("Refuses to delete the user pool.").default(true),
      identityPool: flag("Adds an identity pool for the same logins; its role holds no permission.").default(false),
    })
    .prefault({}),
  ui: z
    .strictObject({
      domain: text(HOST, "Host of the web UI; null: the browser door answers no other origin.", "a host name or null")
        .nullable()
        .default(null),
      allowedOrigins: field(
        z.array(text(ORIGIN, "Origin.", "https://<host>")),
        "Further origins that MLflow takes in a request's Origin header; the browser door answers `ui.domain` alone.",
        "a list of https://<host>",
      ).default([]),
    })
    .prefault({}),
  consumers: field(
    z.record(z.string().regex(CONSUMER), consumer),
    "Accounts whose roles may take personas here.",
    "name: {account, personas, workspaces, externalId}; a name is 2 to 20 lower-case letters, digits and single hyphens",
  ).default({}),
  workspaces: field(
    z.record(z.string().regex(WORKSPACE), workspace).refine((all) => Object.keys(all).length > 0),
    "Workspaces of MLflow.",
    "at least one name: {groups}; a name is 2 to 63 lower-case letters, digits and hyphens and none of MLflow's reserved words",
  ),
});

export type CentralSettings = z.output<typeof centralSchema>;
