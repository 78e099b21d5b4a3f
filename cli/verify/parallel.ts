/** Calls at a time: enough to be quick, and below every throttle that a stack may set. */
const AT_ONCE = 8;

/** Does something with each item, several at a time. @throws the first error */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
