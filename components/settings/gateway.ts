import { z } from "zod";
import { arn, field, flag, HOST, LOG_DAYS, text, whole, word } from "./fields.ts";

const TLS = [
  "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
  "SecurityPolicy_TLS13_1_2_PQ_2025_09",
  "SecurityPolicy_TLS13_1_3_2025_09",
] as const;

/** Address of a door under a name of the company's own. */
const domain = z
  .strictObject({
    name: text(HOST, "Name of the door, in place of API Gateway's own address.", "a host name"),
    certificateArn: arn("acm", "Certificate of that name, in the stack's region."),
    hostedZoneId: text(
      /^Z[A-Z0-9]{1,31}$/,
      "Zone of Route 53 in this account where the stack sets the name; null: somebody else sets it.",
      "an id such as `Z0123456789ABCDEFGHIJ`, or null",
    )
      .nullable()
      .default(null),
  })
  .nullable()
  .default(null);

/** A throttle of one door; null: the one of both. */
const ownThrottle = z
  .strictObject({
    rate: whole(1, 10000, "Requests a second at this door."),
    burst: whole(1, 5000, "Requests at once at this door."),
  })
  .nullable()
  .default(null);

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
    code: z
      .strictObject({
        endpoint: word(
          ["regional", "private"],
          "`private`: only VPCs of `vpcEndpointIds` reach the code door, and its address has no public route.",
        ).default("regional"),
        vpcEndpointIds: field(
          z.array(z.string().regex(/^vpce-[0-9a-f]{8,17}$/)),
          "Interface endpoints of execute-api, of any account, through which a private code door is reached.",
          "ids such as `vpce-0a1b2c3d4e5f60718`",
        ).default([]),
        domain,
        throttle: ownThrottle,
      })
      .prefault({}),
    browser: z.strictObject({ domain, throttle: ownThrottle }).prefault({}),
    tokenCacheSeconds: whole(
      0,
      300,
      "How long the gateway keeps the answer for a token: the longest time that a removed group still works.",
    ).default(300),
    loadBalancer: word(
      ["alb", "nlb"],
      "How the gateway reaches MLflow: a VPC link of the second kind to the ALB, or PrivateLink to an NLB before it, which costs about 20 USD a month more.",
    ).default("alb"),
    proofGeneration: whole(
      1,
      1_000_000,
      "Raise it by one, never by more, to change what the gateway proves itself and a browser's user with to MLflow; both the new and the old one work while `up` goes on.",
    ).default(1),
    requestsPerSession: whole(
      10,
      2_000_000,
      "Requests in five minutes above which a login or a role's session is refused until it slows down, at each door; null: the throttle alone, which all share.",
    )
      .nullable()
      .default(null),
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
