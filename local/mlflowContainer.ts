import { ofType, type Plan, PlanFitError, text } from "../plan/plan.ts";

/** The declared container of MLflow. */
export interface Container {
  readonly command: readonly string[];
  /** Environment and secrets as ECS would inject them. */
  readonly environment: Readonly<Record<string, string>>;
}

interface ContainerDefinition {
  readonly command?: readonly string[];
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  readonly secrets?: readonly { readonly name: string; readonly valueFrom: string }[];
}

/** Who is who, as the declared container is told. */
export interface AccessSetting {
  readonly account: string;
  readonly roles: Readonly<Record<string, { readonly persona: string; readonly workspaces: readonly string[] }>>;
  /** Workspace → groups whose members may use it; none: everybody with a persona. */
  readonly workspaces: Readonly<Record<string, readonly string[] | null>>;
}

/** Reads MLflow's container from the task definition, secrets resolved. @throws PlanFitError when the stack declares no such container */
export function mlflowContainer(plan: Plan): Container {
  const [task] = ofType(plan, "aws:ecs/taskDefinition:TaskDefinition");
  if (!task) throw new PlanFitError(`the stack ${plan.stack} declares no task definition: it is not a central stack`);
  const [container] = JSON.parse(text(task, "containerDefinitions")) as ContainerDefinition[];
  if (!container?.command?.length)
    throw new PlanFitError(`the task definition ${task.name} has no container with a command`);
  const secrets = new Map(
    ofType(plan, "aws:secretsmanager/secretVersion:SecretVersion").map((version) => [
      text(version, "secretId"),
      text(version, "secretString"),
    ]),
  );
  const injected = (container.secrets ?? []).map(({ name, valueFrom }) => {
    const value = secrets.get(valueFrom);
    if (value === undefined) throw new PlanFitError(`the secret ${valueFrom} of ${name} has no declared value`);
    return [name, value] as const;
  });
  const plain = (container.environment ?? []).map(({ name, value }) => [name, value] as const);
  return { command: container.command, environment: Object.fromEntries([...plain, ...injected]) };
}

export function accessSetting(container: Container): AccessSetting {
  return JSON.parse(container.environment.GATEHOUSE_ACCESS ?? "{}") as AccessSetting;
}
