import { z } from "zod";
import { arn, field, flag, HOST, LOG_DAYS, text, whole, word } from "./fields.ts";

const TLS = [
  "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
  "SecurityPolicy_TLS13_1_2_PQ_2025_09",
  "SecurityPolicy_TLS13_1_3_2025_09",
] as const;

/** The two doors. */
export const gateway = z
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
  .prefault({});
