import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { CentralSettings } from "../settings/central.ts";
import { collector } from "./collector.ts";
import { MLFLOW_PORT } from "./environment.ts";
import type { LoadBalancer } from "./loadBalancer.ts";
import type { TaskRoles } from "./roles.ts";

export interface ServiceArgs {
  readonly account: string;
  /** Days since a deletion after which it is for good; null: somebody else sees to it. */
  readonly removeDeletedDays: number | null;
  readonly region: string;
  readonly settings: CentralSettings["server"];
  readonly image: pulumi.Input<string>;
  readonly environment: { name: string; value: pulumi.Input<string> }[];
  /** What the container `migrate` is told beside. */
  readonly migrationEnvironment: { name: string; value: pulumi.Input<string> }[];
  /** Environment variable → ARN of its secret. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  readonly roles: TaskRoles;
  readonly logGroup: aws.cloudwatch.LogGroup;
  readonly subnetIds: readonly pulumi.Input<string>[];
  readonly securityGroupId: pulumi.Input<string>;
  readonly loadBalancer: LoadBalancer;
  /** What has to be there before the first task. */
  readonly after: readonly pulumi.Resource[];
}

/** Name of the container in the task definition. */
const CONTAINER = "mlflow";
/** Name of the container that brings the database to what this MLflow needs, before MLflow starts. */
const MIGRATION = "migrate";

/** MLflow on Fargate: private, read-only apart from /tmp, rolled back when a new version does not become healthy, scaled by load. */
export function service(name: string, args: ServiceArgs, opts: pulumi.ResourceOptions): aws.ecs.Service {
  const cluster = new aws.ecs.Cluster(name, { settings: [{ name: "containerInsights", value: "enabled" }] }, opts);
  const task = taskDefinition(name, args, opts);
  const { tasks } = args.settings;
  const mlflow = new aws.ecs.Service(
    name,
    {
      cluster: cluster.arn,
      taskDefinition: task.arn,
      desiredCount: tasks.min,
      launchType: "FARGATE",
      platformVersion: "LATEST",
      networkConfiguration: {
        subnets: [...args.subnetIds],
        securityGroups: [args.securityGroupId],
        assignPublicIp: false,
      },
      loadBalancers: [
        { targetGroupArn: args.loadBalancer.targetGroup.arn, containerName: CONTAINER, containerPort: MLFLOW_PORT },
      ],
      deploymentCircuitBreaker: { enable: true, rollback: true },
      deploymentMinimumHealthyPercent: 100,
      deploymentMaximumPercent: 200,
      // MLflow takes up to half a minute to start, and migrates an empty database first.
      healthCheckGracePeriodSeconds: 180,
      availabilityZoneRebalancing: "ENABLED",
      enableExecuteCommand: false,
      enableEcsManagedTags: true,
      propagateTags: "SERVICE",
      waitForSteadyState: true,
    },
    {
      ...opts,
      parent: cluster,
      dependsOn: [args.loadBalancer.rule, ...args.roles.policies, ...args.after],
      // Autoscaling owns the count after the first deployment.
      ignoreChanges: ["desiredCount"],
    },
  );
  autoscaling(name, cluster, mlflow, tasks, args.loadBalancer, opts);
  if (args.removeDeletedDays !== null)
    collector(
      `${name}-collector`,
      {
        account: args.account,
        days: args.removeDeletedDays,
        container: CONTAINER,
        cluster,
        task,
        roles: args.roles,
        subnetIds: args.subnetIds,
        securityGroupId: args.securityGroupId,
      },
      { ...opts, parent: cluster },
    );
  return mlflow;
}

function taskDefinition(name: string, args: ServiceArgs, opts: pulumi.ResourceOptions): aws.ecs.TaskDefinition {
  const { settings } = args;
  const confined = {
    image: args.image,
    environment: args.environment,
    secrets: Object.entries(args.secrets).map(([variable, valueFrom]) => ({ name: variable, valueFrom })),
    // The image's own user, said here too: an image of the stack's own may forget it.
    user: "10001:10001",
    readonlyRootFilesystem: true,
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ["ALL"] } },
  };
  const temporary = (volume: string) => [{ sourceVolume: volume, containerPath: "/tmp", readOnly: false }];
  const logConfiguration = (prefix: string) => ({
    logDriver: "awslogs",
    options: {
      "awslogs-group": args.logGroup.name,
      "awslogs-region": args.region,
      "awslogs-stream-prefix": prefix,
    },
  });
  const mlflow = {
    ...confined,
    name: CONTAINER,
    command: ["gatehouse-mlflow"],
    essential: true,
    portMappings: [{ containerPort: MLFLOW_PORT, protocol: "tcp" }],
    mountPoints: temporary("tmp"),
    stopTimeout: 60,
    dependsOn: [{ containerName: MIGRATION, condition: "SUCCESS" }],
    logConfiguration: logConfiguration(CONTAINER),
  };
  // Without a start timeout: a snapshot takes minutes, and Fargate's longest is two.
  const migration = {
    ...confined,
    name: MIGRATION,
    command: ["gatehouse-mlflow", "migrate"],
    essential: false,
    environment: [...args.environment, ...args.migrationEnvironment],
    mountPoints: temporary("migration"),
    stopTimeout: 120,
    logConfiguration: logConfiguration(MIGRATION),
  };
  return new aws.ecs.TaskDefinition(
    name,
    {
      family: name,
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: String(settings.cpu),
      memory: String(settings.memory),
      runtimePlatform: {
        cpuArchitecture: settings.architecture === "arm64" ? "ARM64" : "X86_64",
        operatingSystemFamily: "LINUX",
      },
      taskRoleArn: args.roles.task.arn,
      executionRoleArn: args.roles.execution.arn,
      volumes: [{ name: "tmp" }, { name: "migration" }],
      containerDefinitions: pulumi.jsonStringify([mlflow, migration]),
    },
    opts,
  );
}

function autoscaling(
  name: string,
  cluster: aws.ecs.Cluster,
  mlflow: aws.ecs.Service,
  tasks: CentralSettings["server"]["tasks"],
  loadBalancer: LoadBalancer,
  opts: pulumi.ResourceOptions,
): void {
  const under = { ...opts, parent: mlflow };
  const target = new aws.appautoscaling.Target(
    name,
    {
      serviceNamespace: "ecs",
      scalableDimension: "ecs:service:DesiredCount",
      resourceId: pulumi.interpolate`service/${cluster.name}/${mlflow.name}`,
      minCapacity: tasks.min,
      maxCapacity: tasks.max,
    },
    under,
  );
  const follow = (
    child: string,
    predefinedMetricSpecification: aws.types.input.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification,
    targetValue: pulumi.Input<number>,
  ) =>
    new aws.appautoscaling.Policy(
      child,
      {
        policyType: "TargetTrackingScaling",
        serviceNamespace: target.serviceNamespace,
        scalableDimension: target.scalableDimension,
        resourceId: target.resourceId,
        targetTrackingScalingPolicyConfiguration: {
          targetValue,
          scaleInCooldown: 300,
          scaleOutCooldown: 60,
          predefinedMetricSpecification,
        },
      },
      under,
    );
  // Whichever asks for more tasks wins.
  follow(name, { predefinedMetricType: "ECSServiceAverageCPUUtilization" }, 60);
  follow(
    `${name}-requests`,
    {
      predefinedMetricType: "ALBRequestCountPerTarget",
      resourceLabel: pulumi.interpolate`${loadBalancer.arnSuffix}/${loadBalancer.targetGroup.arnSuffix}`,
    },
    tasks.requestsPerMinute,
  );
}
