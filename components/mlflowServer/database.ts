import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";

/** The administrator, by password. */
const ADMINISTRATOR = "gatehouse";
/** MLflow's own user where tokens log in; the container `migrate` makes it. */
const USER = "gatehouse_mlflow";
const DATABASE = "mlflow";
/** RDS's certificate authorities, where the image keeps them: no system's store has them. */
const AUTHORITIES = "/opt/mlflow/rds-ca.pem";
export const DATABASE_PORT = 5432;

export interface DatabaseArgs {
  readonly account: string;
  readonly region: string;
  readonly settings: CentralSettings["database"];
  readonly subnetIds: readonly pulumi.Input<string>[];
  readonly securityGroupId: pulumi.Input<string>;
  readonly kmsKeyArn: pulumi.Input<string>;
  readonly logDays: number;
}

export interface Database {
  /** SQLAlchemy URL without password. */
  readonly url: pulumi.Output<string>;
  /** For snapshots. */
  readonly clusterArn: pulumi.Output<string>;
  readonly clusterIdentifier: pulumi.Output<string>;
  /** MLflow's user, as IAM names it; null where it logs in by password. */
  readonly loginArn: pulumi.Output<string> | null;
  /** Secret with the administrator's user and password, which RDS changes every week. */
  readonly secretArn: pulumi.Output<string>;
  readonly clusterId: pulumi.Output<string>;
  /** The writer, before which no task should start. */
  readonly writer: aws.rds.ClusterInstance;
}

/** Aurora PostgreSQL, serverless, encrypted, TLS only, with two instances in different zones. */
export function database(name: string, args: DatabaseArgs, opts: pulumi.ResourceOptions): Database {
  const { settings } = args;
  const subnets = new aws.rds.SubnetGroup(name, { subnetIds: [...args.subnetIds] }, opts);
  const parameters = new aws.rds.ClusterParameterGroup(
    name,
    {
      family: "aurora-postgresql17",
      parameters: [
        { name: "rds.force_ssl", value: "1" },
        { name: "log_connections", value: "1" },
        { name: "log_disconnections", value: "1" },
      ],
    },
    opts,
  );
  const logs = ["postgresql", "iam-db-auth-error"].map(
    (kind) =>
      new aws.cloudwatch.LogGroup(
        `${name}-${kind}`,
        // RDS writes to this name and would make the group itself, without retention.
        { name: `/aws/rds/cluster/${name}/${kind}`, retentionInDays: args.logDays, kmsKeyId: args.kmsKeyArn },
        opts,
      ),
  );
  const cluster = new aws.rds.Cluster(
    name,
    {
      clusterIdentifier: name,
      engine: "aurora-postgresql",
      engineMode: "provisioned",
      engineVersion: "17.7",
      databaseName: DATABASE,
      masterUsername: ADMINISTRATOR,
      iamDatabaseAuthenticationEnabled: true,
      manageMasterUserPassword: true,
      masterUserSecretKmsKeyId: args.kmsKeyArn,
      serverlessv2ScalingConfiguration: { minCapacity: settings.minAcu, maxCapacity: settings.maxAcu },
      dbSubnetGroupName: subnets.name,
      dbClusterParameterGroupName: parameters.name,
      vpcSecurityGroupIds: [args.securityGroupId],
      storageEncrypted: true,
      kmsKeyId: args.kmsKeyArn,
      backupRetentionPeriod: settings.backupDays,
      copyTagsToSnapshot: true,
      deletionProtection: settings.deletionProtection,
      skipFinalSnapshot: false,
      finalSnapshotIdentifier: `${name}-final`,
      enabledCloudwatchLogsExports: ["postgresql", "iam-db-auth-error"],
    },
    { ...opts, protect: settings.deletionProtection, dependsOn: logs },
  );
  const instance = (position: string): aws.rds.ClusterInstance =>
    new aws.rds.ClusterInstance(
      `${name}-${position}`,
      {
        clusterIdentifier: cluster.id,
        engine: "aurora-postgresql",
        instanceClass: "db.serverless",
        publiclyAccessible: false,
        autoMinorVersionUpgrade: true,
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: args.kmsKeyArn,
        copyTagsToSnapshot: true,
      },
      { ...opts, parent: cluster },
    );
  const writer = instance("1");
  instance("2");
  const byToken = settings.login === "iam";
  return {
    clusterArn: cluster.arn,
    clusterIdentifier: cluster.clusterIdentifier,
    loginArn: byToken
      ? pulumi.interpolate`arn:aws:rds-db:${args.region}:${args.account}:dbuser:${cluster.clusterResourceId}/${USER}`
      : null,
    url: pulumi.interpolate`postgresql+psycopg://${byToken ? USER : ADMINISTRATOR}@${cluster.endpoint}:${DATABASE_PORT}/${DATABASE}?sslmode=verify-full&sslrootcert=${AUTHORITIES}`,
    secretArn: cluster.masterUserSecrets.apply(firstSecret),
    clusterId: cluster.id,
    writer,
  };
}

function firstSecret(secrets: readonly { readonly secretArn: string }[]): string {
  const [secret] = secrets;
  if (!secret) throw new pulumi.RunError("the database has no managed password; RDS should have made one");
  return secret.secretArn;
}
