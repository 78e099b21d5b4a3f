import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { DATABASE_PORT, database } from "./mlflowServer/database.ts";
import { ARTIFACT_TRAIL, dataEvents } from "./mlflowServer/dataEvents.ts";
import type { Directory } from "./mlflowServer/directory.ts";
import { environment, MLFLOW_PORT, migrationEnvironment } from "./mlflowServer/environment.ts";
import { mlflowImage } from "./mlflowServer/image.ts";
import { listenerPort, loadBalancer } from "./mlflowServer/loadBalancer.ts";
import { scrapers } from "./mlflowServer/metrics.ts";
import { networkLoadBalancer } from "./mlflowServer/networkLoadBalancer.ts";
import { taskRoles } from "./mlflowServer/roles.ts";
import { serverSecrets } from "./mlflowServer/secrets.ts";
import { service } from "./mlflowServer/service.ts";
import type { Watched } from "./observability/watched.ts";
import type { CentralSettings } from "./settings/central.ts";
import { type AccessTable, accessTable } from "./shared/accessTable.ts";
import { privateBucket } from "./shared/bucket.ts";
import { dataKey } from "./shared/key.ts";
import { privateNetwork } from "./shared/network.ts";
import { connect } from "./shared/rules.ts";

/** Version of MLflow that the image holds. */
export const MLFLOW_VERSION = "3.17.2";

export interface MlflowServerArgs {
  readonly account: string;
  readonly region: string;
  /** Network, tasks, database and artifacts as the stack sets them. */
  readonly settings: Pick<CentralSettings, "network" | "server" | "database" | "artifacts">;
  /** Who may do what where; MLflow asks it for every request. */
  readonly directory: Directory;
  /** The gateway comes by PrivateLink. */
  readonly privateLink: boolean;
  /** Counts up with each change of what the gateway proves itself with. */
  readonly proofGeneration: number;
  /** Stage of the gateway, which is taken off a path that still has it. */
  readonly stage: string;
  /** Certificate of the hop from the gateway, and the name in it; null: HTTP. */
  readonly certificate: { readonly arn: string; readonly name: string } | null;
  /** Origins of browsers that MLflow takes requests of. */
  readonly origins: readonly string[];
  /** Days that logs of MLflow, its database and its load balancer are kept. */
  readonly logDays: number;
}

/** AWS services that MLflow's tasks need where the VPC has no way to the internet. */
const ENDPOINTS = ["ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sts"];

/** Unmodified MLflow that nothing but the gateway's VPC link reaches, with its database and its artifacts. */
export class MlflowServer extends pulumi.ComponentResource {
  /** Internal load balancer in front of MLflow. */
  readonly loadBalancerArn: pulumi.Output<string>;
  /** Network load balancer before it; null where the gateway reaches it itself. */
  readonly networkLoadBalancerArn: pulumi.Output<string> | null;
  /** Base address that the gateway names in requests, without a trailing slash. */
  readonly internalUrl: pulumi.Output<string>;
  /** Where the gateway's VPC link has its interfaces. */
  readonly linkSubnetIds: readonly pulumi.Output<string>[];
  /** The only security group that reaches the load balancer. */
  readonly linkSecurityGroupId: pulumi.Output<string>;
  readonly artifactBucket: pulumi.Output<string>;
  /** Image that the tasks run. */
  readonly imageUri: pulumi.Output<string>;
  readonly kmsKeyArn: pulumi.Output<string>;
  /** Where administrators narrow what personas may do. */
  readonly accessTable: AccessTable;
  /** Names by which CloudWatch knows what to look at. */
  readonly watched: Omit<Watched, "region" | "doors">;
  /** What the gateway proves itself with. */
  readonly proof: pulumi.Output<string>;
  /** What the authorizer signs a browser's user with. */
  readonly assertionKey: pulumi.Output<string>;

  constructor(name: string, args: MlflowServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gatehouse:index:MlflowServer", name, {}, opts);
    const child = { parent: this };
    const { account, region, logDays } = args;
    const { server, network: networkSettings, database: databaseSettings, artifacts } = args.settings;
    const certificateArn = args.certificate?.arn ?? null;
    const port = listenerPort(certificateArn);

    const key = dataKey(
      `${name}-key`,
      { account, region, description: "Data of MLflow", trails: artifacts.dataEvents ? [ARTIFACT_TRAIL] : [] },
      child,
    );
    const network = privateNetwork(
      `${name}-network`,
      {
        account,
        region,
        ...networkSettings,
        kmsKeyArn: key.arn,
        endpoints: [
          ...ENDPOINTS,
          ...(databaseSettings.snapshotBeforeUpgrade ? ["rds"] : []),
          ...(server.aiGateway ? ["bedrock-runtime"] : []),
        ],
        dynamodb: true,
      },
      child,
    );
    const groups = securityGroups(name, network, networkSettings, port, child);
    scrapers(`${name}-metrics`, groups.task, server.metrics, child);

    const { bucket } = privateBucket(
      `${name}-artifacts`,
      { kmsKeyArn: key.arn, retain: true, lifecycle: [oldVersions(artifacts)] },
      child,
    );
    if (artifacts.dataEvents)
      dataEvents(
        `${name}-artifact-events`,
        { account, region, bucketArn: bucket.arn, kmsKeyArn: key.arn, logDays },
        child,
      );
    const aurora = database(
      `${name}-database`,
      {
        account,
        region,
        settings: args.settings.database,
        subnetIds: network.privateSubnetIds,
        securityGroupId: groups.database.id,
        kmsKeyArn: key.arn,
        logDays,
      },
      child,
    );
    const balancer = loadBalancer(
      `${name}-alb`,
      {
        account,
        vpcId: network.vpcId,
        subnetIds: network.privateSubnetIds,
        securityGroupId: groups.loadBalancer.id,
        stage: args.stage,
        certificateArn,
        deletionProtection: args.settings.database.deletionProtection,
        logDays,
      },
      child,
    );
    this.networkLoadBalancerArn = args.privateLink
      ? networkLoadBalancer(
          `${name}-nlb`,
          {
            vpcId: network.vpcId,
            subnetIds: network.privateSubnetIds,
            securityGroupId: groups.link.id,
            port,
            tls: certificateArn !== null,
            behind: balancer,
            deletionProtection: args.settings.database.deletionProtection,
          },
          child,
        )
      : null;
    const host = args.certificate?.name ?? balancer.dnsName;

    const secrets = serverSecrets(
      `${name}-secret`,
      key.arn,
      args.settings.database.deletionProtection,
      { proof: args.proofGeneration, keys: databaseSettings.keyGeneration },
      child,
    );
    const logGroup = new aws.cloudwatch.LogGroup(
      `${name}-logs`,
      { retentionInDays: logDays, kmsKeyId: key.arn },
      child,
    );
    const image = mlflowImage(`${name}-image`, server, region, key.arn, child);
    this.accessTable = accessTable("gatehouse-access-policy", child);
    const roles = taskRoles(
      name,
      {
        account,
        region,
        bucketArn: bucket.arn,
        kmsKeyArn: key.arn,
        databaseSecretArn: aurora.secretArn,
        databaseLoginArn: aurora.loginArn,
        snapshots: databaseSettings.snapshotBeforeUpgrade
          ? { clusterArn: aurora.clusterArn, cluster: aurora.clusterIdentifier }
          : null,
        logGroupArn: logGroup.arn,
        secretArns: Object.values(secrets.arns),
        aiGateway: server.aiGateway,
        repositoryArn: image.repositoryArn,
        accessTable: this.accessTable,
      },
      child,
    );
    const mlflow = service(
      `${name}-service`,
      {
        account,
        removeDeletedDays: artifacts.removeDeletedDays,
        region,
        settings: server,
        image: image.uri,
        environment: environment({
          proofGeneration: args.proofGeneration,
          keyGeneration: databaseSettings.keyGeneration,
          region,
          directory: args.directory,
          accessTable: this.accessTable.name,
          workers: server.workers,
          aiGateway: server.aiGateway,
          metrics: server.metrics.length > 0,
          databaseUrl: aurora.url,
          databaseSecretArn: databaseSettings.login === "password" ? aurora.secretArn : null,
          pauses: databaseSettings.minAcu === 0,
          bucket: bucket.bucket,
          host,
          port,
          origins: args.origins,
        }),
        migrationEnvironment: migrationEnvironment(databaseSettings, aurora),
        secrets: secrets.arns,
        roles,
        logGroup,
        subnetIds: network.privateSubnetIds,
        securityGroupId: groups.task.id,
        loadBalancer: balancer,
        after: [aurora.writer, ...secrets.values, ...network.ways, ...groups.rules],
      },
      child,
    );

    this.watched = {
      cluster: mlflow.cluster.apply((arn) => arn.split("/").at(-1) ?? ""),
      service: mlflow.name,
      database: aurora.clusterId,
      loadBalancer: balancer.arnSuffix,
      targetGroup: balancer.targetGroup.arnSuffix,
      log: logGroup.name,
    };
    this.loadBalancerArn = balancer.arn;
    this.internalUrl = pulumi.interpolate`${certificateArn === null ? "http" : "https"}://${host}`;
    this.linkSubnetIds = network.privateSubnetIds;
    this.linkSecurityGroupId = groups.link.id;
    this.artifactBucket = bucket.bucket;
    this.imageUri = pulumi.output(image.uri);
    this.kmsKeyArn = key.arn;
    // Not before every task accepts them.
    this.proof = pulumi.all([secrets.proof, mlflow.id]).apply(([proof]) => proof);
    this.assertionKey = pulumi.all([secrets.assertionKey, mlflow.id]).apply(([key]) => key);
    this.registerOutputs({ artifactBucket: this.artifactBucket, internalUrl: this.internalUrl });
  }
}

/** Link → load balancer → task → database and AWS; no other way in. */
function securityGroups(
  name: string,
  network: ReturnType<typeof privateNetwork>,
  { nat, cidr }: CentralSettings["network"],
  port: number,
  opts: pulumi.ResourceOptions,
) {
  const group = (kind: string, description: string): aws.ec2.SecurityGroup =>
    new aws.ec2.SecurityGroup(`${name}-${kind}`, { vpcId: network.vpcId, description }, opts);
  const link = group("link", "API Gateway's VPC link");
  const balancer = group("alb", "Load balancer: from the VPC link only");
  const task = group("task", "MLflow: from the load balancer only");
  const aurora = group("database", "Database: from MLflow only");
  const inside = [
    ...connect(`${name}-link-to-alb`, link, balancer, port, opts),
    ...connect(`${name}-alb-to-task`, balancer, task, MLFLOW_PORT, opts),
    ...connect(`${name}-task-to-database`, task, aurora, DATABASE_PORT, opts),
  ];
  const https = { securityGroupId: task.id, ipProtocol: "tcp", fromPort: 443, toPort: 443 };
  const toAws = new aws.vpc.SecurityGroupEgressRule(
    `${name}-task-to-aws`,
    { ...https, cidrIpv4: nat === "none" ? cidr : "0.0.0.0/0" },
    opts,
  );
  const toS3 = new aws.vpc.SecurityGroupEgressRule(
    `${name}-task-to-s3`,
    { ...https, prefixListId: network.s3PrefixListId },
    opts,
  );
  const toDynamodb = network.dynamodbPrefixListId
    ? [
        new aws.vpc.SecurityGroupEgressRule(
          `${name}-task-to-dynamodb`,
          { ...https, prefixListId: network.dynamodbPrefixListId },
          opts,
        ),
      ]
    : [];
  return { link, loadBalancer: balancer, task, database: aurora, rules: [...inside, toAws, toS3, ...toDynamodb] };
}

function oldVersions(settings: CentralSettings["artifacts"]): aws.types.input.s3.BucketLifecycleConfigurationRule {
  return {
    id: "old-versions",
    status: "Enabled",
    filter: {},
    noncurrentVersionExpiration: { noncurrentDays: settings.keepOldVersionsDays },
    expiration: { expiredObjectDeleteMarker: true },
  };
}
