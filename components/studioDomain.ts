import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ConsumerSettings } from "./settings/consumer.ts";
import { dataKey } from "./shared/key.ts";
import { personOfJob } from "./shared/names.ts";
import { studioDomain } from "./studioDomain/domain.ts";
import { executionRole } from "./studioDomain/executionRole.ts";
import { studioFiles } from "./studioDomain/files.ts";
import { lifecycleConfig } from "./studioDomain/lifecycle.ts";
import { studioPerson } from "./studioDomain/person.ts";
import { studioPlace } from "./studioDomain/place.ts";

type Environments = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface StudioDomainArgs {
  readonly account: string;
  readonly region: string;
  /** Name of the consumer, part of role names. */
  readonly consumer: string;
  readonly settings: Pick<ConsumerSettings, "network" | "studio" | "people" | "jobs">;
  /** Boundary of every execution role, or null. */
  readonly permissionsBoundaryArn: string | null;
  /** Profile → what its code needs to find MLflow. */
  readonly environments: Environments;
  /** The same for jobs that are nobody's. */
  readonly jobEnvironments: Environments;
}

/** SageMaker Studio in private subnets where every person works with a role of his own. */
export class StudioDomain extends pulumi.ComponentResource {
  readonly domainId: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;
  /** Profile → its execution role. */
  readonly executionRoles: Readonly<Record<string, aws.iam.Role>>;
  /** Job that is nobody's → its execution role. */
  readonly jobRoles: Readonly<Record<string, aws.iam.Role>>;
  /** What a job's call names: where it runs, and whose folder holds its files. */
  readonly jobPlace: {
    readonly bucket: pulumi.Output<string>;
    readonly subnetIds: readonly pulumi.Output<string>[];
    readonly securityGroupId: pulumi.Output<string>;
    /** The client's package, `s3://…/<file>.whl`, for the job's `PYTHONPATH`. */
    readonly client: pulumi.Output<string>;
  };

  constructor(name: string, args: StudioDomainArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:index:StudioDomain", name, {}, opts);
    const child = { parent: this };
    const { account, region, consumer, permissionsBoundaryArn } = args;
    const { studio, people, jobs, network: wanted } = args.settings;

    const key = dataKey(`${name}-key`, { account, region, description: "Home directories of Studio" }, child);
    const place = studioPlace(name, { account, region, network: wanted, kmsKeyArn: key.arn }, child);
    const files = studioFiles(`${name}-files`, key.arn, child);
    const lifecycle = lifecycleConfig(`${name}-start`, region, files, child);
    const domain = studioDomain(
      name,
      {
        account,
        consumer,
        studio,
        permissionsBoundaryArn,
        network: place,
        kmsKeyId: key.id,
        securityGroupId: place.group.id,
        lifecycleConfigArn: lifecycle.arn,
      },
      child,
    );

    const around = {
      account,
      region,
      consumer,
      permissionsBoundaryArn,
      bucketArn: files.bucketArn,
      vpcId: place.vpcId,
      subnetIds: place.privateSubnetIds,
      securityGroupId: place.group.id,
    };
    const each = <T, R>(values: Readonly<Record<string, T>>, make: (key: string, value: T) => R) =>
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, make(key, value)] as const));
    this.executionRoles = each(people, (profile, settings) =>
      studioPerson(
        `${name}-${profile}`,
        around,
        {
          profile,
          settings,
          studio,
          environment: args.environments[profile] ?? {},
          domainId: domain.id,
          kmsKeyArn: key.arn,
        },
        child,
      ),
    );
    this.jobRoles = each(jobs, (job, { persona }) =>
      executionRole(
        `${name}-job-${job}`,
        around,
        {
          profile: `job-${job}`,
          persona,
          person: personOfJob(consumer, job),
          description: `Job ${job} as ${persona}`,
          environment: args.jobEnvironments[job] ?? {},
        },
        () => [],
        child,
      ),
    );
    this.domainId = domain.id;
    this.url = domain.url;
    this.jobPlace = {
      bucket: files.bucket,
      subnetIds: place.privateSubnetIds,
      securityGroupId: place.group.id,
      client: pulumi.interpolate`s3://${files.bucket}/${files.wheelKey}`,
    };
    this.registerOutputs({ domainId: this.domainId, url: this.url });
  }
}
