import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ConsumerSettings } from "../settings/consumer.ts";
import { interfaceEndpoints } from "../shared/endpoints.ts";
import { privateNetwork } from "../shared/network.ts";
import { studioGroup } from "./group.ts";

export interface PlaceArgs {
  readonly account: string;
  readonly region: string;
  readonly network: ConsumerSettings["network"];
  readonly kmsKeyArn: pulumi.Input<string>;
}

/** Where Studio's apps and jobs run. */
export interface Place {
  readonly vpcId: pulumi.Output<string>;
  readonly privateSubnetIds: readonly pulumi.Output<string>[];
  /** Security group of apps and jobs. */
  readonly group: aws.ec2.SecurityGroup;
  /** Without which nothing inside reaches AWS: what starts there waits for them. */
  readonly ways: readonly pulumi.Resource[];
}

/** AWS services that Studio and jobs call, reached through endpoints where there is no way to the internet. */
const SERVICES = ["sagemaker.api", "sagemaker.runtime", "sts", "ssm", "logs", "kms", "ecr.api", "ecr.dkr"];

/** A VPC of Studio's own, or subnets of one that the account has already. */
export function studioPlace(name: string, args: PlaceArgs, opts: pulumi.ResourceOptions): Place {
  const { network } = args;
  const registry = network.registry === "endpoint" ? ["execute-api"] : [];
  if (network.vpcId === null) {
    const made = privateNetwork(
      `${name}-network`,
      { ...args, ...network, endpoints: SERVICES, always: registry },
      opts,
    );
    return { ...made, group: studioGroup(`${name}-apps`, made.vpcId, opts) };
  }
  const vpcId = pulumi.output(network.vpcId);
  const privateSubnetIds = network.subnetIds.map((id) => pulumi.output(id));
  const group = studioGroup(`${name}-apps`, vpcId, opts);
  const ways =
    network.endpoints === "existing"
      ? []
      : interfaceEndpoints(
          `${name}-network`,
          {
            region: args.region,
            // A gateway endpoint of S3 would change route tables, which are the owner's.
            services: [...SERVICES, "s3", ...registry],
            from: { referencedSecurityGroupId: group.id },
            vpcId,
            subnetIds: privateSubnetIds,
          },
          opts,
        );
  return { vpcId, privateSubnetIds, group, ways };
}
