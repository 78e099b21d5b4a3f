/** Too many wait already. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/**
 * Lets so many work at once, and so many wait: each look at a stack starts a `pulumi`, and whoever may only look must not keep others from deploying.
 *
 * @returns gives a turn; @throws BusyError at once where too many wait
 */
export function turnsOf(most: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  let working = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (working < most) working++;
    else if (queue.length >= waiting) throw new BusyError("too many look at stacks now: try again in a few seconds");
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await work();
    } finally {
      // A turn goes from hand to hand.
      const next = queue.shift();
      if (next) next();
      else working--;
    }
  };
}
