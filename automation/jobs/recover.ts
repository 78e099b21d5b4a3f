import { hostname } from "node:os";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import type { ProcessMark } from "../engine/processes.ts";
import { resourceOf } from "../engine/urn.ts";

/** Somebody has to look at the stack before anything else is done to it; the message says at what. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/**
 * Puts right what a killed `pulumi` left of a stack: its lock, and the resources that it was about to make, of which nobody knows whether they are there.
 *
 * @param clear forgets those, by comparing the state with AWS: somebody has looked
 * @throws InterruptedError naming them
 */
export async function recover(stack: Stack, unfinished: ProcessMark, clear: boolean): Promise<void> {
  if (unfinished.host !== hostname())
    throw new InterruptedError(
      `pulumi (process ${unfinished.pid} on ${unfinished.host}) was at work on it and can't be seen from here: when it runs no more, \`gatehouse cancel --only <name>\` lets others go on`,
    );
  // It is dead, as whoever took the stack's lock has seen, and so is its lock in the state.
  await stack.cancel().catch((error: unknown) => {
    if (!/no update|not locked|not currently|not being updated/i.test(String(error))) throw error;
  });
  const pending = await pendingResources(stack);
  if (pending.length === 0) return;
  if (!clear)
    throw new InterruptedError(
      `pulumi was killed while it was at these resources; AWS may have them, the state doesn't:\n${pending.map((each) => `  ${each}`).join("\n")}\nLook for them in the account, delete or import what is there, then deploy with --clear-pending`,
    );
  await stack.refresh({ clearPendingCreates: true, color: "never", suppressOutputs: true });
}

async function pendingResources(stack: Stack): Promise<readonly string[]> {
  const { deployment } = await stack.exportStack();
  const { pending_operations: pending } = deployment as {
    readonly pending_operations?: readonly { readonly type: string; readonly resource: { readonly urn: string } }[];
  };
  return (pending ?? []).map(({ type, resource }) => `${resourceOf(resource.urn)} (${type})`);
}
