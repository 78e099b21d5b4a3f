import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { subnetRange } from "./cidr.ts";
import { interfaceEndpoints } from "./endpoints.ts";
import { flowLogs } from "./flowLogs.ts";

export interface PrivateNetworkArgs {
  readonly account: string;
  readonly region: string;
  readonly cidr: string;
  readonly zones: number;
  /** `none`: nothing inside reaches the internet, and interface endpoints lead to AWS. */
  readonly nat: "none" | "single" | "perZone";
  readonly flowLogs: boolean;
  readonly kmsKeyArn: pulumi.Input<string>;
  /** AWS services reached through interface endpoints where there is no NAT gateway, such as `ecr.api`. */
  readonly endpoints: readonly string[];
  /** Services reached through interface endpoints in any case. */
  readonly always?: readonly string[];
  /** Adds a gateway endpoint of DynamoDB. */
  readonly dynamodb?: boolean;
}

export interface PrivateNetwork {
  readonly vpcId: pulumi.Output<string>;
  readonly privateSubnetIds: readonly pulumi.Output<string>[];
  /** Prefix list of the gateway endpoint of S3. */
  readonly s3PrefixListId: pulumi.Output<string>;
  /** Prefix list of the gateway endpoint of DynamoDB, where there is one. */
  readonly dynamodbPrefixListId: pulumi.Output<string> | null;
  /** Routes and endpoints without which nothing inside reaches AWS: what starts there waits for them, and goes before them. */
  readonly ways: readonly pulumi.Resource[];
}

/** A VPC with private subnets in each zone, S3 through a gateway endpoint, and a default security group that lets nothing through. */
export function privateNetwork(name: string, args: PrivateNetworkArgs, opts: pulumi.ResourceOptions): PrivateNetwork {
  const vpc = new aws.ec2.Vpc(
    name,
    { cidrBlock: args.cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { Name: name } },
    opts,
  );
  const under = { ...opts, parent: vpc };
  const vpcId = vpc.id;
  new aws.ec2.DefaultSecurityGroup(name, { vpcId, ingress: [], egress: [] }, under);
  const zones = aws.getAvailabilityZonesOutput({ state: "available" }, under).names;
  const subnet = (kind: string, zone: number, position: number): aws.ec2.Subnet =>
    new aws.ec2.Subnet(
      `${name}-${kind}-${zone}`,
      {
        vpcId,
        availabilityZone: zones.apply((names) => zoneAt(names, zone)),
        cidrBlock: subnetRange(args.cidr, position),
        mapPublicIpOnLaunch: false,
        tags: { Name: `${name}-${kind}-${zone}` },
      },
      under,
    );
  const indexes = Array.from({ length: args.zones }, (_, index) => index);
  const subnets = indexes.map((zone) => subnet("private", zone, zone));
  const routed = subnets.map((each, zone) => routeTable(`${name}-private-${zone}`, vpcId, each, under));
  const tables = routed.map(({ table }) => table);
  const gateway = (service: string) =>
    new aws.ec2.VpcEndpoint(
      `${name}-${service}`,
      {
        vpcId,
        serviceName: `com.amazonaws.${args.region}.${service}`,
        vpcEndpointType: "Gateway",
        routeTableIds: tables.map((table) => table.id),
      },
      under,
    );
  const s3 = gateway("s3");
  const dynamodb = args.dynamodb ? gateway("dynamodb") : null;
  const ways: pulumi.Resource[] = [
    s3,
    ...(dynamodb ? [dynamodb] : []),
    ...routed.map(({ association }) => association),
  ];
  const endpoints = [...(args.nat === "none" ? args.endpoints : []), ...(args.always ?? [])];
  if (args.nat === "none" || endpoints.length)
    ways.push(
      ...interfaceEndpoints(
        name,
        {
          region: args.region,
          services: endpoints,
          from: { cidrIpv4: args.cidr },
          vpcId,
          subnetIds: subnets.map(({ id }) => id),
        },
        under,
      ),
    );
  if (args.nat !== "none") {
    const publicSubnets = indexes.map((zone) => subnet("public", zone, 8 + zone));
    ways.push(...natGateways(name, args.nat, vpcId, publicSubnets, tables, under));
  }
  if (args.flowLogs) flowLogs(`${name}-flow`, { ...args, vpcId }, under);
  return {
    vpcId,
    privateSubnetIds: subnets.map((each) => each.id),
    s3PrefixListId: s3.prefixListId,
    dynamodbPrefixListId: dynamodb?.prefixListId ?? null,
    ways,
  };
}

function zoneAt(names: readonly string[], index: number): string {
  const zone = names[index];
  if (zone === undefined)
    throw new pulumi.RunError(`network.zones: the region has ${names.length} availability zones; ask for no more`);
  return zone;
}

function routeTable(
  name: string,
  vpcId: pulumi.Input<string>,
  subnet: aws.ec2.Subnet,
  opts: pulumi.ResourceOptions,
): { readonly table: aws.ec2.RouteTable; readonly association: pulumi.Resource } {
  const table = new aws.ec2.RouteTable(name, { vpcId, tags: { Name: name } }, opts);
  const association = new aws.ec2.RouteTableAssociation(
    name,
    { subnetId: subnet.id, routeTableId: table.id },
    { ...opts, parent: table },
  );
  return { table, association };
}

function natGateways(
  name: string,
  nat: "single" | "perZone",
  vpcId: pulumi.Input<string>,
  subnets: readonly aws.ec2.Subnet[],
  privateTables: readonly aws.ec2.RouteTable[],
  opts: pulumi.ResourceOptions,
): readonly pulumi.Resource[] {
  const internet = new aws.ec2.InternetGateway(name, { vpcId, tags: { Name: name } }, opts);
  const everywhere = { destinationCidrBlock: "0.0.0.0/0" };
  for (const [zone, subnet] of subnets.entries()) {
    const { table } = routeTable(`${name}-public-${zone}`, vpcId, subnet, opts);
    new aws.ec2.Route(
      `${name}-public-${zone}`,
      { routeTableId: table.id, ...everywhere, gatewayId: internet.id },
      { ...opts, parent: table },
    );
  }
  const gateways = subnets.slice(0, nat === "single" ? 1 : subnets.length).map((subnet, zone) => {
    const address = new aws.ec2.Eip(`${name}-nat-${zone}`, { domain: "vpc" }, opts);
    return new aws.ec2.NatGateway(
      `${name}-${zone}`,
      { subnetId: subnet.id, allocationId: address.id, tags: { Name: `${name}-${zone}` } },
      { ...opts, dependsOn: [internet] },
    );
  });
  return privateTables.flatMap((table, zone) => {
    const gateway = gateways[zone] ?? gateways[0];
    if (!gateway) return [];
    return new aws.ec2.Route(
      `${name}-private-${zone}`,
      { routeTableId: table.id, ...everywhere, natGatewayId: gateway.id },
      { ...opts, parent: table },
    );
  });
}
