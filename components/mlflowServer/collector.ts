import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { serviceTrust } from "../shared/trust.ts";
import type { TaskRoles } from "./roles.ts";

export interface CollectorArgs {
  readonly account: string;
  /** Days since a deletion after which it is for good. */
  readonly days: number;
  /** Name of MLflow's container in the task. */
  readonly container: string;
  readonly cluster: aws.ecs.Cluster;
  readonly task: aws.ecs.TaskDefinition;
  readonly roles: TaskRoles;
  readonly subnetIds: readonly pulumi.Input<string>[];
  readonly securityGroupId: pulumi.Input<string>;
}

/** Every night, `gatehouse-mlflow gc` as a task of its own: what was deleted long ago goes for good, with its files. */
export function collector(name: string, args: CollectorArgs, opts: pulumi.ResourceOptions): void {
  const { cluster, task, roles } = args;
  const role = new aws.iam.Role(
    name,
    { assumeRolePolicy: serviceTrust("scheduler.amazonaws.com", args.account) },
    opts,
  );
  const rights = new aws.iam.RolePolicy(
    name,
    {
      role: role.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "ThisTask",
            Effect: "Allow",
            Action: "ecs:RunTask",
            Resource: task.arn,
            Condition: { ArnEquals: { "ecs:cluster": cluster.arn } },
          },
          {
            Sid: "AsMlflow",
            Effect: "Allow",
            Action: "iam:PassRole",
            Resource: [roles.task.arn, roles.execution.arn],
            Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
          },
        ],
      }),
    },
    { ...opts, parent: role },
  );
  new aws.scheduler.Schedule(
    name,
    {
      description: "Removes for good what was deleted in MLflow long ago",
      scheduleExpression: "cron(17 3 * * ? *)",
      flexibleTimeWindow: { mode: "FLEXIBLE", maximumWindowInMinutes: 60 },
      target: {
        arn: cluster.arn,
        roleArn: role.arn,
        ecsParameters: {
          taskDefinitionArn: task.arn,
          launchType: "FARGATE",
          networkConfiguration: {
            subnets: [...args.subnetIds],
            securityGroups: [args.securityGroupId],
            assignPublicIp: false,
          },
        },
        input: JSON.stringify({
          containerOverrides: [
            {
              name: args.container,
              command: ["gatehouse-mlflow", "gc"],
              environment: [{ name: "GATEHOUSE_GC_DAYS", value: String(args.days) }],
            },
          ],
        }),
        // A night that is missed is made up for by the next.
        retryPolicy: { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 3600 },
      },
    },
    { ...opts, dependsOn: [rights] },
  );
}
