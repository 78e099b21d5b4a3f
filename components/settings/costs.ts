import { centralSchema } from "./central.ts";
import { consumerSchema } from "./consumer.ts";

/** When the prices were last looked over. */
export const COSTS_AS_OF = "November 2026";

/** Hours of a month, as AWS counts it. */
export const MONTH = 730;

/** USD for an hour, of what runs all the time. */
export const HOURLY = {
  acu: 0.12,
  interfaceEndpoint: 0.01,
  natGateway: 0.045,
  vcpuArm: 0.03238,
  gibArm: 0.00356,
} as const;

/** What a stack with every default costs before anybody works with it, and out of what that comes. */
export const STANDING = new Map<unknown, string>([
  [
    centralSchema,
    "About 290 USD a month with every default and nobody at work: interface endpoints 102, Aurora 88, tasks 68, load balancer 17, dashboard and alarms 5, secrets and keys 4, and some for metrics of the containers. Then 3.50 USD for a million calls, and logs.",
  ],
  [
    consumerSchema,
    "About 35 USD a month with every default and nobody at work: a NAT gateway 33, a key and logs. Then what people and jobs run.",
  ],
]);

/**
 * What a setting costs that makes AWS charge more or less, by its key: list prices of us-east-1 in USD, about, a month of 730 hours where it says a month.
 * NAT, Fargate, WAF and CloudWatch as quoted by several public pages of 2026; the others from general knowledge. AWS's own price pages were not read.
 */
export const COSTS = new Map<unknown, Readonly<Record<string, string>>>([
  [
    centralSchema,
    {
      "network.zones":
        "51 a month for each further one with `network.nat: none` (seven interface endpoints, 7.30 each), 33 with `perZone`.",
      "network.flowLogs": "0.50 per GB written, 0.03 per GB and month kept.",
      "network.nat":
        "`none`: 7.30 a month for each of seven interface endpoints and zone, and 0.01 per GB. `single`: 33 a month, `perZone`: 33 for each zone, and 0.045 per GB.",
      "server.image": "`build`: 0.10 per GB and month in ECR, less than 1 GB for each version.",
      "server.architecture": "`x86_64` costs a quarter more than `arm64`.",
      "server.cpu": "24 a month for each vCPU (1024) and task; 30 on `x86_64`.",
      "server.memory": "2.60 a month for each GiB and task; 3.25 on `x86_64`.",
      "server.tasks.min": "34 a month for each task of the default size.",
      "server.tasks.max": "0.047 for each further task of the default size and hour.",
      "server.aiGateway":
        "7.30 a month for an interface endpoint in each zone with `network.nat: none`, and Bedrock's price of the models.",
      "database.minAcu":
        "0.12 for each unit, hour and instance: 88 a month with the default; 0 pauses, and costs storage alone (0.10 per GB and month).",
      "database.maxAcu": "0.12 for each unit, hour and instance while it is needed.",
      "database.backupDays": "0.021 per GB and month for what is beyond one day.",
      "database.snapshotBeforeUpgrade":
        "0.021 per GB and month for each snapshot until somebody deletes it; 7.30 a month for an interface endpoint in each zone with `network.nat: none`.",
      "artifacts.keepOldVersionsDays": "0.023 per GB and month.",
      "artifacts.removeDeletedDays": "Less than 1 a month for the nightly task; it saves 0.023 per GB and month.",
      "artifacts.dataEvents": "0.10 for 100,000 events, and 0.023 per GB and month for their files.",
      "gateway.loadBalancer": "`nlb`: 17 a month and 0.006 for each capacity unit and hour, beside the ALB.",
      "gateway.requestsPerSession": "8 a month (a web ACL with three rules) and 0.60 for a million requests.",
      "gateway.webAclArn": "0.60 for a million requests, beside the ACL and its rules.",
      "gateway.logDays": "0.50 per GB written, 0.03 per GB and month kept; a million calls are about 1 GB.",
      "login.identityProviders": "0.015 for each person and month who comes by one, beyond the first 50.",
      "login.email": "0.10 for a thousand mails.",
      "login.threatProtection": "0.02 for each person and month; `off`: 0.015 beyond the first 10,000.",
      "ui.hosting": "0.15 per GB that browsers load, 0.023 per GB and month kept.",
    },
  ],
  [
    consumerSchema,
    {
      "network.zones":
        "33 a month for each further one with `network.nat: perZone`; with `none` 7.30 for each interface endpoint.",
      "network.flowLogs": "0.50 per GB written, 0.03 per GB and month kept.",
      "network.nat":
        "`none`: 7.30 a month for each interface endpoint and zone, and 0.01 per GB. `single`: 33 a month, `perZone`: 33 for each zone, and 0.045 per GB.",
      "network.registry": "`endpoint`: 7.30 a month for each zone, and 0.01 per GB.",
      "studio.instanceTypes":
        "0.05 an hour for an `ml.t3.medium` that runs, 0.115 for an `ml.m5.large`; dear ones cost a hundred times as much.",
      "studio.jobInstanceTypes": "0.115 an hour for an `ml.m5.large` that runs, 0.23 for an `ml.m5.xlarge`.",
      "studio.volumeGb": "0.11 per GB and month of a space's volume, also while it is stopped.",
      "studio.idleShutdownMinutes": "The instance's price for as long as it idles.",
      "studio.homeFileSystem": "`retain`: 0.30 per GB and month until somebody deletes it.",
    },
  ],
]);
