import type { Invoke } from '../functions/index.ts';
import { planBatches } from './batches.ts';
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
  readonly invoke: Invoke;
}

export interface PartitionState extends RetryStatus {
  readonly partition: number;
  /** The offset of the first record that has not been taken. */
  readonly position: bigint;
  /** Records that were deleted before they were read; undefined when there are none. */
  readonly gap: { readonly from: bigint; readonly to: bigint } | undefined;
}

export interface PartitionLoop {
  state(): PartitionState;
  /** Resolves after the signal has aborted and what ran has ended. Never rejects. */
  readonly ended: Promise<void>;
}

/**
 * Feeds a function from one partition: its batches in order, one at a time. The position is
 * committed after a success and never before; a failed batch is tried again for ever.
 */
export function startPartitionLoop(options: PartitionLoopOptions): PartitionLoop {
  const { reader, topic, partition, signal, notify } = options;
  let position = options.position;
  const { untilDone, status } = createRetry(options);
  let gap: PartitionState['gap'];

  const readBatches = async (): Promise<readonly (readonly ChangeLogRecord[])[]> => {
    const fetched = await reader.read(partition, position);
    if (fetched.kind === 'out of range') {
      const earliest = (await reader.offsets('earliest')).get(partition) ?? 0n;
      gap = { from: position, to: earliest };
      notify(
        'error',
        `position ${position} of partition ${partition} is not in the log any more; going on from ${earliest}. What lay between is missing from the views: rebuild them.`,
      );
      position = earliest;
      return [];
    }
    if (fetched.records.length === 0) position = fetched.next;
    const records = fetched.records.map((record) => renderRecord(topic, partition, record));
    return planBatches(records, options.batchSize);
  };

  const processBatch = async (batch: readonly ChangeLogRecord[]): Promise<boolean> => {
    const next = BigInt(batch.at(-1)?.offset ?? 0) + 1n;
    const event = renderEvent(options.brokers, topic, partition, batch);
    const taken = await untilDone(
      `the batch ${position} to ${next - 1n} of partition ${partition}`,
      async () => {
        const result = await options.invoke(event);
        if (result.kind === 'failure')
          throw new Error(`${result.error.errorType}: ${result.error.errorMessage}`);
      },
    );
    if (!taken) return false;
    position = next;
    return untilDone(`committing ${next} of partition ${partition}`, () =>
      reader.commit(new Map([[partition, next]])),
    );
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      let batches: readonly (readonly ChangeLogRecord[])[] = [];
      await untilDone(`reading partition ${partition} at ${position}`, async () => {
        batches = await readBatches();
      });
      for (const batch of batches) {
        if (signal.aborted || !(await processBatch(batch))) return;
      }
    }
  };

  return {
    state: () => ({ partition, position, gap, ...status() }),
    ended: run(),
  };
}
