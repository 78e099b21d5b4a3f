/** Milliseconds after which a page has come up. */
const UP = 5_000;

/** Does what nobody waits for, when nobody waits for anything any more. Where it fails, it is left. */
export function later(act: () => Promise<unknown>): void {
  setTimeout(() => void act().catch(() => undefined), UP);
}
