import * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";
import type { Database } from "./database.ts";
import type { Directory } from "./directory.ts";
import { METRICS_PORT } from "./metrics.ts";

/** Port on which MLflow listens inside its task. */
export const MLFLOW_PORT = 5000;

/** Where a source of a model version may lie. The last two are what prompt versions send. Anything else would make MLflow read it with its own role. */
const MODEL_SOURCES = "^(mlflow-artifacts:/|runs:/|models:/|dummy-source$|prompt-template$)";

export interface EnvironmentArgs {
  readonly proofGeneration: number;
  /** Of the keys that rows of the database are encrypted with. */
  readonly keyGeneration: number;
  readonly region: string;
  readonly directory: Directory;
  /** Name of the table of the access policy. */
  readonly accessTable: pulumi.Input<string>;
  readonly workers: number;
  readonly aiGateway: boolean;
  /** Whether anybody may read figures for Prometheus. */
  readonly metrics: boolean;
  /** Database URL without password. */
  readonly databaseUrl: pulumi.Input<string>;
  /** Where the password is; null: tokens of the task's role log in. */
  readonly databaseSecretArn: pulumi.Input<string> | null;
  /** The database pauses when nobody is connected. */
  readonly pauses: boolean;
  readonly bucket: pulumi.Input<string>;
  /** Host and port that the gateway names in its requests. */
  readonly host: pulumi.Input<string>;
  readonly port: number;
  /** Origins of browsers, such as `https://mlflow.example`. */
  readonly origins: readonly string[];
}

/** The plain environment of MLflow's container. */
export function environment(args: EnvironmentArgs): { name: string; value: pulumi.Input<string> }[] {
  const values: Record<string, pulumi.Input<string>> = {
    AWS_REGION: args.region,
    GATEHOUSE_ACCESS: JSON.stringify(args.directory),
    GATEHOUSE_ACCESS_TABLE: args.accessTable,
    GATEHOUSE_ARTIFACTS: pulumi.interpolate`s3://${args.bucket}/`,
    GATEHOUSE_DATABASE: args.databaseUrl,
    ...(args.databaseSecretArn === null
      ? { GATEHOUSE_DATABASE_IAM: "true" }
      : { GATEHOUSE_DATABASE_SECRET_ARN: args.databaseSecretArn }),
    GATEHOUSE_HOST: "0.0.0.0",
    ...(args.metrics ? { GATEHOUSE_METRICS_PORT: String(METRICS_PORT) } : {}),
    // The container before it does.
    GATEHOUSE_MIGRATE: "false",
    GATEHOUSE_PORT: String(MLFLOW_PORT),
    // A task reads secrets when it starts, and new ones start only when something in their definition is new.
    ...(args.proofGeneration === 1 ? {} : { GATEHOUSE_PROOF_GENERATION: String(args.proofGeneration) }),
    GATEHOUSE_WORKERS: String(args.workers),
    MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: MODEL_SOURCES,
    ...(args.keyGeneration === 1 ? {} : { MLFLOW_CRYPTO_KEK_VERSION: String(args.keyGeneration) }),
    MLFLOW_DISABLE_TELEMETRY: "true",
    MLFLOW_ENABLE_AI_GATEWAY: String(args.aiGateway),
    // MLflow compares the whole Host header, and a client may leave a default port out.
    MLFLOW_SERVER_ALLOWED_HOSTS: pulumi.interpolate`${args.host},${args.host}:${args.port}`,
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    // An open connection keeps Aurora awake, and MLflow's pool keeps connections open.
    ...(args.pauses ? { MLFLOW_SQLALCHEMYSTORE_POOLCLASS: "NullPool" } : {}),
    ...(args.origins.length ? { MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: args.origins.join(",") } : {}),
  };
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** What the container `migrate` is told beside: how it makes MLflow's user, and what it takes a snapshot of. */
export function migrationEnvironment(
  settings: CentralSettings["database"],
  { secretArn, clusterIdentifier }: Database,
): { name: string; value: pulumi.Input<string> }[] {
  return [
    ...(settings.login === "iam" ? [{ name: "GATEHOUSE_DATABASE_SECRET_ARN", value: secretArn }] : []),
    ...(settings.snapshotBeforeUpgrade ? [{ name: "GATEHOUSE_DATABASE_CLUSTER", value: clusterIdentifier }] : []),
  ];
}
