import * as pulumi from "@pulumi/pulumi";

/** What a consumer reads of the central stack. */
export interface CentralOutputs {
  readonly trackingUri: pulumi.Output<string>;
  readonly region: pulumi.Output<string>;
  /** Persona → ARN of the role that this consumer may take. */
  readonly personaRoleArns: pulumi.Output<Readonly<Record<string, string>>>;
  readonly workspaces: pulumi.Output<readonly string[]>;
  readonly externalId: pulumi.Output<string | null>;
}

/** Reads the central stack's outputs for one consumer. An output that is missing, or a consumer that it does not list, is an error that says what to do. */
export function centralOutputs(stack: string, consumer: string): CentralOutputs {
  const central = new pulumi.StackReference(stack);
  const roles = (all: ByConsumer<Record<string, string>>) => ofConsumer(all, consumer, stack);
  const workspaces = (all: ByConsumer<string[]>) => ofConsumer(all, consumer, stack);
  return {
    trackingUri: central.requireOutput("trackingUri").apply(String),
    region: central.requireOutput("region").apply(String),
    personaRoleArns: central.requireOutput("personaRoleArns").apply(roles),
    workspaces: central.requireOutput("consumerWorkspaces").apply(workspaces),
    externalId: central.requireOutput("externalIds").apply((all: ByConsumer<string | null>) => all[consumer] ?? null),
  };
}

type ByConsumer<T> = Readonly<Record<string, T>>;

function ofConsumer<T>(all: ByConsumer<T>, consumer: string, stack: string): T {
  const own = all[consumer];
  if (own !== undefined) return own;
  throw new pulumi.RunError(
    `consumer: the central stack \`${stack}\` lists no consumer \`${consumer}\`; it lists ${Object.keys(all).sort().join(", ") || "none"}. Add it to consumers there and deploy it first`,
  );
}
