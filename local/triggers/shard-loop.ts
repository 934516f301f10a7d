import type { FailurePolicy } from '../../lambda/model/index.ts';
import { type Invoke, pause } from '../functions/index.ts';
import type { WindowOptions } from './batches.ts';
import { createDelivery } from './delivery.ts';
import type { GivenUpRecords } from './given-up.ts';
import { createRetry, type RetryOptions } from './retry.ts';
import { createLanes } from './shard-lanes.ts';
import type { StreamCheckpoint } from './stream-checkpoint.ts';
import {
  parseStreamResponse,
  renderStreamBatchInfo,
  type StreamRecord,
  writtenAtMs,
} from './stream-event.ts';
import type { StreamReader } from './stream-reader.ts';
import { type RetryStatus, worst } from './trigger.ts';

export interface ShardLoopOptions extends RetryOptions, WindowOptions {
  readonly reader: StreamReader;
  readonly streamArn: string;
  readonly shard: string;
  readonly checkpoint: StreamCheckpoint;
  readonly policy: FailurePolicy;
  readonly givenUp: GivenUpRecords;
  /** Batches that may run at the same time. */
  readonly parallelizationFactor: number;
  /** The attribute that keeps records in one another's order; undefined when one batch runs at a time. */
  readonly partitionKey: string | undefined;
  readonly pollEveryMs: number;
  readonly invoke: Invoke;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export interface ShardState extends RetryStatus {
  readonly shard: string;
  /** The last record that was taken. */
  readonly sequenceNumber: string | undefined;
  /** Records that were read and not taken yet. */
  readonly backlog: number;
  /** When a poll began that found nothing, with nothing left of earlier ones; undefined while there is something. */
  readonly drainedAt: number | undefined;
  readonly finished: boolean;
  /** Why records were lost before they were read; undefined when none were. */
  readonly gap: string | undefined;
}

export interface ShardLoop {
  state(): ShardState;
  /** Resolves when the shard is finished, or the signal has aborted and what ran has ended. Never rejects. */
  readonly ended: Promise<void>;
}

/** As many records as one read gives are read ahead of the batches that run. */
const readAhead = 1000;

/**
 * Feeds a function from one shard: records of one partition key in their order, a batch at a time or as many
 * as the settings allow. The position is kept after a success, or once what fails was given up, and never
 * before: it is before the first record that is not done with.
 */
export function startShardLoop(options: ShardLoopOptions): ShardLoop {
  const { reader, streamArn, shard, checkpoint, signal, notify, clock } = options;
  const reading = createRetry(options);
  const { untilDone } = reading;
  /** The last record that is done with, and the last that was read. */
  let taken = checkpoint.position(shard)?.sequenceNumber;
  let read = taken;
  let iterator: string | undefined;
  let finished = false;
  let drainedAt: number | undefined;
  let gap: string | undefined;

  const fallBehind = (): void => {
    iterator = undefined;
    // DynamoDB Local says so at times of a shard of which nothing was ever read, and nothing is gone.
    if (read === undefined) {
      notify(
        'warn',
        `The beginning of the shard ${shard} has moved on before it was read; going on from the oldest record.`,
      );
      return;
    }
    gap = `The stream holds records for 24 hours; those after ${read} of the shard ${shard} are gone.`;
    notify('error', `${gap} Going on from the oldest one. The views lack what lay between: rebuild them.`);
    read = undefined;
  };

  /** The next records; undefined when the position had to be found anew. */
  const poll = async (): Promise<readonly StreamRecord[] | undefined> => {
    if (iterator === undefined) {
      const opened = await reader.open(streamArn, shard, read);
      if (opened === 'trimmed') {
        fallBehind();
        return undefined;
      }
      iterator = opened.iterator;
    }
    const answer = await reader.read(streamArn, iterator);
    if (answer.kind === 'trimmed') fallBehind();
    if (answer.kind !== 'records') {
      iterator = undefined;
      return undefined;
    }
    iterator = answer.next;
    finished = answer.next === undefined;
    read = answer.records.at(-1)?.dynamodb.SequenceNumber ?? read;
    return answer.records;
  };

  const lanes = createLanes({
    ...options,
    lanes: options.parallelizationFactor,
    createDelivery(keep) {
      const retry = createRetry(options);
      const deliver = createDelivery<StreamRecord>({
        ...options,
        ...{ retry, keep, now: clock, giveUp: options.givenUp.giveUp },
        kind: {
          event: (batch) => ({ Records: batch }),
          parseResponse: parseStreamResponse,
          writtenAtMs,
          title: (batch) => `a batch of ${batch.length} records of the shard ${shard}`,
          batchInfo: (batch) => renderStreamBatchInfo({ streamArn, shard }, batch),
        },
      });
      return { deliver, status: retry.status };
    },
    keep(last) {
      taken = last.dynamodb.SequenceNumber;
      // Not finished on disk before everything was taken.
      const position = { sequenceNumber: taken, finished: false };
      return untilDone(`keeping the position ${taken} of the shard ${shard}`, () =>
        checkpoint.save(shard, position),
      );
    },
  });

  const close = (): Promise<void> => checkpoint.save(shard, { sequenceNumber: taken, finished: true });
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const begun = clock();
      const wasIdle = lanes.backlog() === 0;
      let records: readonly StreamRecord[] | undefined;
      finished = false;
      const polled = await untilDone(`reading the shard ${shard}`, async () => {
        records = await poll();
      });
      if (!polled) return;
      lanes.add(records ?? []);
      drainedAt = wasIdle && records?.length === 0 ? begun : undefined;
      lanes.send();
      if (finished) {
        await lanes.finish();
        if (!signal.aborted && (await untilDone(`closing the shard ${shard}`, close))) return;
      }
      await lanes.room(options.batchSize * options.parallelizationFactor + readAhead);
      await pause(Math.max(0, begun + options.pollEveryMs - clock()), signal);
    }
  };

  return {
    state: () => ({
      shard,
      sequenceNumber: taken,
      backlog: lanes.backlog(),
      drainedAt,
      finished: checkpoint.position(shard)?.finished ?? false,
      gap,
      ...worst([reading.status(), ...lanes.statuses()]),
    }),
    ended: run().then(() => lanes.idle()),
  };
}
