import type { FailurePolicy } from '../../lambda/model/index.ts';
import type { Invoke } from '../functions/index.ts';
import { createWindow, type WindowOptions } from './batches.ts';
import {
  type ChangeLogRecord,
  parseChangeLogResponse,
  renderChangeLogBatchInfo,
  renderEvent,
  renderRecord,
} from './change-log-event.ts';
import { createDelivery } from './delivery.ts';
import type { GivenUpRecords } from './given-up.ts';
import { createRetry, type RetryOptions } from './retry.ts';
import type { TopicReader } from './topic-reader.ts';
import type { RetryStatus } from './trigger.ts';

export interface PartitionLoopOptions extends RetryOptions, WindowOptions {
  readonly reader: TopicReader;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partition: number;
  /** Where to begin. */
  readonly position: bigint;
  readonly policy: FailurePolicy;
  readonly givenUp: GivenUpRecords;
  readonly invoke: Invoke;
  /** Milliseconds since the epoch; for the age of records. */
  readonly now: () => number;
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
 * Feeds a function from one partition: its batches in order, one at a time. The position is committed after
 * a success, or once what fails was given up, and never before; so what waits when the loop ends is read
 * again by the next one.
 */
export function startPartitionLoop(options: PartitionLoopOptions): PartitionLoop {
  const { reader, topic, partition, signal, notify, brokers } = options;
  const window = createWindow<ChangeLogRecord>(options);
  const retry = createRetry(options);
  const { untilDone } = retry;
  let position = options.position;
  /** Where the next read begins. */
  let next = position;
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
      window.add(fetched.records.map((record) => renderRecord(topic, partition, record)));
    }
    // Marks of transactions, and what was deleted, are nothing to take.
    if (window.waiting() === 0) position = next;
  };

  const deliver = createDelivery<ChangeLogRecord>({
    ...options,
    retry,
    kind: {
      event: (batch) => renderEvent(brokers, topic, partition, batch),
      parseResponse: parseChangeLogResponse,
      writtenAtMs: ({ timestamp }) => timestamp,
      title: (batch) => `the batch ${batch[0]?.offset} to ${batch.at(-1)?.offset} of partition ${partition}`,
      batchInfo: (batch) => renderChangeLogBatchInfo(brokers, batch),
    },
    giveUp: options.givenUp.giveUp,
    keep(records) {
      const end = BigInt(records.at(-1)?.offset ?? 0) + 1n;
      position = end;
      return untilDone(`committing ${end} of partition ${partition}`, () =>
        reader.commit(new Map([[partition, end]])),
      );
    },
  });

  const takeBatch = (): readonly ChangeLogRecord[] => window.take(position < flushUntil);
  const processBatches = async (): Promise<boolean> => {
    for (let batch = takeBatch(); batch.length > 0; batch = takeBatch())
      if (signal.aborted || !(await deliver(batch))) return false;
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
    state: () => ({ partition, position, waiting: window.waiting(), gap, ...retry.status() }),
    flush: (end) => {
      if (end > flushUntil) flushUntil = end;
      return Promise.race([position >= flushUntil ? undefined : flushed.promise, ended]);
    },
    ended,
  };
}
