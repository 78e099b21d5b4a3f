import type { PulumiCommand } from "@pulumi/pulumi/automation/index.js";

/** There is no Pulumi CLI, or one that can't be used. */
export class NoPulumiError extends Error {
  override readonly name = "NoPulumiError";
}

/** The Pulumi CLI on PATH. @throws NoPulumiError saying how to get one */
export async function pulumiOnPath(): Promise<PulumiCommand> {
  const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
  try {
    return await PulumiCommand.get();
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n").find((line) => line.trim() !== "") ?? "") : "";
    throw new NoPulumiError(
      `no usable \`pulumi\` on PATH (${why.trim()}): install the Pulumi CLI, https://www.pulumi.com/docs/install/`,
    );
  }
}
