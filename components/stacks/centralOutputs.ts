import * as pulumi from "@pulumi/pulumi";

/** What a consumer reads of the central stack. */
export interface CentralOutputs {
  readonly trackingUri: string;
  readonly region: string;
  /** Persona → ARN of the role that this consumer may take. */
  readonly personaRoleArns: Readonly<Record<string, string>>;
  readonly workspaces: readonly string[];
  readonly externalId: string | null;
  /** Where people look at what was logged; null without a web UI. */
  readonly uiUrl: string | null;
}

/**
 * Reads the central stack's outputs for one consumer: as values, before anything is declared, since an error inside an Output reaches people once for
 * each resource that waits for it.
 *
 * @throws RunError saying what to do about an output that is missing or a consumer that is not listed
 */
export async function centralOutputs(stack: string, consumer: string): Promise<CentralOutputs> {
  const central = new pulumi.StackReference(stack);
  const output = async <T>(name: string): Promise<T> => {
    const { value } = await central.getOutputDetails(name);
    if (value !== undefined) return value as T;
    throw new pulumi.RunError(
      `central.stack: the stack \`${stack}\` has no output \`${name}\`; deploy it first, with this version of the program`,
    );
  };
  const ofConsumer = async <T>(name: string): Promise<T> => {
    const all = await output<Readonly<Record<string, T>>>(name);
    const own = all[consumer];
    if (own !== undefined) return own;
    throw new pulumi.RunError(
      `consumer: the central stack \`${stack}\` lists no consumer \`${consumer}\`; it lists ${Object.keys(all).sort().join(", ") || "none"}. Add it to consumers there and deploy it first`,
    );
  };
  return {
    trackingUri: await output("trackingUri"),
    region: await output("region"),
    personaRoleArns: await ofConsumer("personaRoleArns"),
    workspaces: await ofConsumer("consumerWorkspaces"),
    externalId: await ofConsumer("externalIds"),
    uiUrl: ((await central.getOutputDetails("uiUrl")).value ?? null) as string | null,
  };
}
