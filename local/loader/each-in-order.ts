/**
 * Starts `run` on the items in their order, at most `concurrency` at a time. After a failure nothing
 * new is started; what is under way ends first, then the first error is thrown.
 */
export async function eachInOrder<T>(
  items: readonly T[],
  concurrency: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failed = false;
  const work = async (): Promise<void> => {
    // All workers draw from the one iterator.
    for (let next = queue.next(); !next.done && !failed; next = queue.next()) {
      try {
        await run(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(concurrency, items.length) }, work));
  const failure = ended.find((one) => one.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
