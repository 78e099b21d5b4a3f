import type { Step } from "./jobs/types.ts";
import type { Automation } from "./open.ts";

/** A stack and what was last done to it. */
export interface StackStatus {
  readonly name: string;
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  /** The last that changed it. */
  readonly last: Step | null;
  /** The last look for drift; null: nobody looked since. */
  readonly drift: Step | null;
}

/** Every stack of the organization, and what was last done to it from here. */
export function statusOf({ organization, store }: Automation): readonly StackStatus[] {
  return organization().members.map(({ name, stack, account, region }) => ({
    name,
    stack,
    account,
    region,
    last: store.lastStep(name, ["deploy", "destroy", "refresh"]),
    drift: store.lastStep(name, ["drift"]),
  }));
}
