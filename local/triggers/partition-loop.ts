import type { Invoke } from '../functions/index.ts';
import { createBatcher } from './batches.ts';
import { type ChangeLogRecord, renderEvent, renderRecord } from './change-log-event.ts';
import { createRetry, type RetryOptions } from './retry.ts';
import type { TopicReader } from './topic-reader.ts';
import type { RetryStatus } from './trigger.ts';

export interface PartitionLoopOptions extends RetryOptions {
  readonly reader: TopicReader;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partition: number;
  /** Where to begin. */
  readonly position: bigint;
  readonly batchSize: number;
  /** How long a batch that is not full is waited for; 0: it is sent at once. */
  readonly maximumBatchingWindowMs: number;
  readonly invoke: Invoke;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
}

export interface PartitionState extends RetryStatus {
  readonly partition: number;
  /** The offset of the first record that has not been taken. */
  readonly position: bigint;
  /** Records that were read and wait for their batch. */
  readonly waiting: number;
  /** Records that were deleted before they were read; undefined when there are none. */
  readonly gap: { readonly from: bigint; readonly to: bigint } | undefined;
}

export interface PartitionLoop {
  state(): PartitionState;
  /** Sends what lies below an offset without waiting for its window. Resolves when it was taken, or the loop ended. */
  flush(end: bigint): Promise<void>;
  /** Resolves after the signal has aborted and what ran has ended. Never rejects. */
  readonly ended: Promise<void>;
}

/**
 * Feeds a function from one partition: its batches in order, one at a time. As on Lambda a batch is sent
 * when it is full or when its window, which begins with its first record, is over. The position is
 * committed after a success and never before, so what waits when the loop ends is read again by the next
 * one; a failed batch is tried again for ever.
 */
export function startPartitionLoop(options: PartitionLoopOptions): PartitionLoop {
  const { reader, topic, partition, signal, notify, clock, maximumBatchingWindowMs: windowMs } = options;
  const batcher = createBatcher<ChangeLogRecord>(options.batchSize);
  const { untilDone, status } = createRetry(options);
  let position = options.position;
  /** Where the next read begins. */
  let next = position;
  let windowBegan = 0;
  let flushUntil = position;
  let flushed = Promise.withResolvers<void>();
  let gap: PartitionState['gap'];

  const read = async (): Promise<void> => {
    const fetched = await reader.read(partition, next);
    if (fetched.kind === 'out of range') {
      const earliest = (await reader.offsets('earliest')).get(partition) ?? 0n;
      gap = { from: next, to: earliest };
      notify(
        'error',
        `position ${next} of partition ${partition} is not in the log any more; going on from ${earliest}. What lay between is missing from the views: rebuild them.`,
      );
      next = earliest;
    } else {
      next = fetched.next;
      if (batcher.waiting() === 0) windowBegan = clock();
      batcher.add(fetched.records.map((record) => renderRecord(topic, partition, record)));
    }
    // Marks of transactions, and what was deleted, are nothing to take.
    if (batcher.waiting() === 0) position = next;
  };

  const takeBatch = (): readonly ChangeLogRecord[] => {
    const full = batcher.takeFull();
    if (full !== undefined) {
      windowBegan = clock();
      return full;
    }
    const isDue = clock() - windowBegan >= windowMs || position < flushUntil;
    return isDue ? batcher.takeRest() : [];
  };

  const processBatch = async (batch: readonly ChangeLogRecord[]): Promise<boolean> => {
    const end = BigInt(batch.at(-1)?.offset ?? 0) + 1n;
    const event = renderEvent(options.brokers, topic, partition, batch);
    const taken = await untilDone(
      `the batch ${position} to ${end - 1n} of partition ${partition}`,
      async () => {
        const result = await options.invoke(event);
        if (result.kind === 'failure')
          throw new Error(`${result.error.errorType}: ${result.error.errorMessage}`);
      },
    );
    if (!taken) return false;
    position = end;
    return untilDone(`committing ${end} of partition ${partition}`, () =>
      reader.commit(new Map([[partition, end]])),
    );
  };

  const processBatches = async (): Promise<boolean> => {
    for (let batch = takeBatch(); batch.length > 0; batch = takeBatch())
      if (signal.aborted || !(await processBatch(batch))) return false;
    return true;
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await untilDone(`reading partition ${partition} at ${next}`, read);
      if (!(await processBatches())) break;
      if (position >= flushUntil) {
        flushed.resolve();
        flushed = Promise.withResolvers();
      }
    }
    flushed.resolve();
  };
  const ended = run();

  return {
    state: () => ({ partition, position, waiting: batcher.waiting(), gap, ...status() }),
    flush: (end) => {
      if (end > flushUntil) flushUntil = end;
      return Promise.race([position >= flushUntil ? undefined : flushed.promise, ended]);
    },
    ended,
  };
}
