import { z } from "zod";
import { isPrivateRange } from "../shared/cidr.ts";
import { field, flag, networkFields, SECURITY_GROUP, text, whole, word } from "./fields.ts";

const DIGEST_URI = /^(?:build|[a-z0-9.-]+(?::\d+)?\/[a-z0-9._/-]+@sha256:[0-9a-f]{64})$/;

/** Network of the central account. */
export const network = z
  .strictObject({
    ...networkFields("10.40.0.0/16"),
    nat: word(
      ["none", "single", "perZone"],
      "Way to the internet for MLflow: none (interface endpoints to AWS instead), one NAT gateway, or one per zone.",
    ).default("none"),
  })
  .prefault({});

/** MLflow itself: image, size, tasks. */
export const server = z
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
    memory: whole(1024, 122880, "MiB of one task; MLflow takes about 250 and each worker as much again.").default(4096),
    workers: whole(1, 64, "Processes of MLflow in one task.").default(2),
    tasks: z
      .strictObject({
        min: whole(1, 50, "Tasks at least; below 2 a zone's failure stops MLflow.").default(2),
        max: whole(1, 100, "Tasks at most.").default(6),
        requestsPerMinute: whole(
          60,
          100000,
          "Requests a minute and task above which tasks are added, beside 60 % of their processor.",
        ).default(3000),
      })
      .prefault({}),
    metrics: field(
      z.array(z.string().refine((source) => SECURITY_GROUP.test(source) || isPrivateRange(source))).max(10),
      "Whose collectors may read figures for Prometheus, at port 9464 of each task; nobody: they are off.",
      "a list of security groups (`sg-…`) and private IPv4 ranges from /16 to /24",
    ).default([]),
    aiGateway: flag("Turns on MLflow's AI gateway and gives its role the right to invoke Bedrock models.").default(
      false,
    ),
  })
  .prefault({});

/** Aurora PostgreSQL. */
export const database = z
  .strictObject({
    minAcu: field(
      z.number().min(0).max(256).multipleOf(0.5),
      "Aurora capacity at least, paid by the hour for each of two instances; 0 lets it pause, which costs 15 to 30 s at the next request and a new connection at every one.",
      "0 to 256 in steps of 0.5",
    ).default(0.5),
    maxAcu: field(
      z.number().min(1).max(256).multipleOf(0.5),
      "Aurora capacity at most: what a busy hour may cost.",
      "1 to 256 in steps of 0.5",
    ).default(4),
    backupDays: whole(1, 35, "Days that automatic backups are kept.").default(14),
    deletionProtection: flag("Refuses to delete the database and its data.").default(true),
    login: word(
      ["iam", "password"],
      "How MLflow logs in: by tokens of its task's role, 15 minutes each, or by the password that RDS changes every week.",
    ).default("iam"),
    keyGeneration: whole(
      1,
      1_000_000,
      "Raise it by one, never by more, to change the keys that MLflow encrypts API keys and webhooks' secrets with; what is stored is encrypted anew before MLflow starts.",
    ).default(1),
    snapshotBeforeUpgrade: flag(
      "Takes a snapshot before the tables change for a newer MLflow, which can't be undone otherwise; kept until somebody deletes it, and paid by its size.",
    ).default(true),
  })
  .prefault({});

/** The bucket of artifacts. */
export const artifacts = z
  .strictObject({
    keepOldVersionsDays: whole(1, 3650, "Days that an overwritten or deleted artifact can be restored.").default(90),
    removeDeletedDays: whole(
      7,
      3650,
      "Days after which what was deleted in MLflow goes for good, every night, also a deleted run whose model is registered; null: never by itself.",
    )
      .nullable()
      .default(null),
    dataEvents: flag(
      "Writes down each read, write and delete of an artifact in a trail of CloudTrail, kept `gateway.logDays` days: presigned URLs are used beside every other log.",
    ).default(false),
  })
  .prefault({});
