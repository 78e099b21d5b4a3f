import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ConsumerSettings } from "./settings/consumer.ts";
import { dataKey } from "./shared/key.ts";
import { privateNetwork } from "./shared/network.ts";
import { serviceTrust } from "./shared/trust.ts";
import { studioPerson } from "./studioDomain/person.ts";

export interface StudioDomainArgs {
  readonly account: string;
  readonly region: string;
  /** Name of the consumer, part of role names. */
  readonly consumer: string;
  readonly settings: Pick<ConsumerSettings, "network" | "studio" | "people">;
  /** Boundary of every execution role, or null. */
  readonly permissionsBoundaryArn: string | null;
}

/** SageMaker Studio in private subnets where every person works with a role of his own. */
export class StudioDomain extends pulumi.ComponentResource {
  readonly domainId: pulumi.Output<string>;
  readonly url: pulumi.Output<string>;
  /** Profile → its execution role. */
  readonly executionRoles: Readonly<Record<string, aws.iam.Role>>;

  constructor(name: string, args: StudioDomainArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:index:StudioDomain", name, {}, opts);
    const child = { parent: this };
    const { account, region, consumer } = args;
    const { studio, people } = args.settings;

    const key = dataKey(`${name}-key`, { account, region, description: "Home directories of Studio" }, child);
    const network = privateNetwork(
      `${name}-network`,
      { account, region, ...args.settings.network, kmsKeyArn: key.arn, endpoints: [] },
      child,
    );
    const group = studioGroup(`${name}-apps`, network.vpcId, child);
    const domain = studioDomain(name, args, { key, network, group }, child);

    this.executionRoles = Object.fromEntries(
      Object.entries(people).map(([profile, settings]) => [
        profile,
        studioPerson(
          `${name}-${profile}`,
          {
            account,
            region,
            consumer,
            profile,
            settings,
            instanceTypes: studio.instanceTypes,
            domainId: domain.id,
            kmsKeyArn: key.arn,
            securityGroupId: group.id,
            permissionsBoundaryArn: args.permissionsBoundaryArn,
          },
          child,
        ),
      ]),
    );
    this.domainId = domain.id;
    this.url = domain.url;
    this.registerOutputs({ domainId: this.domainId, url: this.url });
  }
}

interface DomainParts {
  readonly key: aws.kms.Key;
  readonly network: ReturnType<typeof privateNetwork>;
  readonly group: aws.ec2.SecurityGroup;
}

function studioDomain(
  name: string,
  args: StudioDomainArgs,
  { key, network, group }: DomainParts,
  opts: pulumi.ResourceOptions,
): aws.sagemaker.Domain {
  const { studio } = args.settings;
  const nobody = new aws.iam.Role(
    `${name}-nobody`,
    {
      description: "Default of Studio where no person's role applies, such as shared spaces; holds no permission",
      assumeRolePolicy: serviceTrust("sagemaker.amazonaws.com", args.account),
      ...(args.permissionsBoundaryArn === null ? {} : { permissionsBoundary: args.permissionsBoundaryArn }),
    },
    opts,
  );
  return new aws.sagemaker.Domain(
    name,
    {
      domainName: `gatehouse-${args.consumer}`,
      authMode: "IAM",
      vpcId: network.vpcId,
      subnetIds: [...network.privateSubnetIds],
      appNetworkAccessType: studio.access === "vpcOnly" ? "VpcOnly" : "PublicInternetOnly",
      kmsKeyId: key.id,
      tagPropagation: "ENABLED",
      defaultUserSettings: {
        executionRole: nobody.arn,
        securityGroups: [group.id],
        studioWebPortal: "ENABLED",
        defaultLandingUri: "studio::",
        jupyterLabAppSettings: {
          ...(studio.instanceTypes[0] === undefined
            ? {}
            : { defaultResourceSpec: { instanceType: studio.instanceTypes[0] } }),
          appLifecycleManagement: {
            idleSettings: { lifecycleManagement: "ENABLED", idleTimeoutInMinutes: studio.idleShutdownMinutes },
          },
        },
      },
      defaultSpaceSettings: { executionRole: nobody.arn, securityGroups: [group.id] },
      retentionPolicy: { homeEfsFileSystem: studio.homeFileSystem === "retain" ? "Retain" : "Delete" },
    },
    { ...opts, protect: studio.homeFileSystem === "retain" },
  );
}

/** Apps reach each other, their home directories, and HTTPS outside. Source: SageMaker guide, "Connect Studio in a VPC to external resources". */
function studioGroup(name: string, vpcId: pulumi.Input<string>, opts: pulumi.ResourceOptions): aws.ec2.SecurityGroup {
  const group = new aws.ec2.SecurityGroup(name, { vpcId, description: "Apps of Studio" }, opts);
  const under = { ...opts, parent: group };
  const inside = [
    { child: `${name}-nfs`, fromPort: 2049, toPort: 2049 },
    { child: `${name}-kernels`, fromPort: 8192, toPort: 65535 },
  ];
  for (const { child, ...ports } of inside) {
    const rule = { securityGroupId: group.id, ipProtocol: "tcp", ...ports, referencedSecurityGroupId: group.id };
    new aws.vpc.SecurityGroupIngressRule(child, rule, under);
    new aws.vpc.SecurityGroupEgressRule(child, rule, under);
  }
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-https`,
    { securityGroupId: group.id, ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv4: "0.0.0.0/0" },
    under,
  );
  return group;
}
