import { type Invoke, pause } from '../functions/index.ts';
import { planBatches } from './batches.ts';
import { createRetry, type RetryOptions } from './retry.ts';
import type { StreamCheckpoint } from './stream-checkpoint.ts';
import { type BatchOutcome, parseBatchResponse, type StreamRecord } from './stream-event.ts';
import type { StreamReader } from './stream-reader.ts';
import type { RetryStatus } from './trigger.ts';

export interface ShardLoopOptions extends RetryOptions {
  readonly reader: StreamReader;
  readonly streamArn: string;
  readonly shard: string;
  readonly checkpoint: StreamCheckpoint;
  readonly batchSize: number;
  readonly reportsPartialFailures: boolean;
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

/**
 * Feeds a function from one shard: batches in order, one at a time; of a failed batch what is not
 * taken is tried again for ever. The position is kept after a success and never before.
 */
export function startShardLoop(options: ShardLoopOptions): ShardLoop {
  const { reader, streamArn, shard, checkpoint, signal, notify, clock } = options;
  const { untilDone, status } = createRetry(options);
  let after = checkpoint.position(shard)?.sequenceNumber;
  let iterator: string | undefined;
  let finished = false;
  let backlog = 0;
  let drainedAt: number | undefined;
  let gap: string | undefined;

  const fallBehind = (): void => {
    iterator = undefined;
    // DynamoDB Local says so at times of a shard of which nothing was ever read, and nothing is gone.
    if (after === undefined) {
      notify(
        'warn',
        `The beginning of the shard ${shard} has moved on before it was read; going on from the oldest record.`,
      );
      return;
    }
    gap = `The stream holds records for 24 hours; those after ${after} of the shard ${shard} are gone.`;
    notify('error', `${gap} Going on from the oldest one. The views lack what lay between: rebuild them.`);
    after = undefined;
  };

  /** The next records; undefined when the position had to be found anew. */
  const poll = async (): Promise<readonly StreamRecord[] | undefined> => {
    if (iterator === undefined) {
      const opened = await reader.open(streamArn, shard, after);
      if (opened === 'trimmed') {
        fallBehind();
        return undefined;
      }
      iterator = opened.iterator;
    }
    const read = await reader.read(streamArn, iterator);
    if (read.kind === 'trimmed') fallBehind();
    if (read.kind !== 'records') {
      iterator = undefined;
      return undefined;
    }
    iterator = read.next;
    finished = read.next === undefined;
    return read.records;
  };

  const invoke = async (batch: readonly StreamRecord[]): Promise<BatchOutcome> => {
    const result = await options.invoke({ Records: batch });
    if (result.kind === 'failure') {
      return { kind: 'failed', from: 0, reason: `${result.error.errorType}: ${result.error.errorMessage}` };
    }
    return options.reportsPartialFailures ? parseBatchResponse(result.payload, batch) : { kind: 'taken' };
  };

  /** Invokes until at least one record is taken; gives what is left, or undefined when the signal aborted. */
  const processSome = async (
    batch: readonly StreamRecord[],
  ): Promise<readonly StreamRecord[] | undefined> => {
    let taken = 0;
    const progressed = await untilDone(
      `a batch of ${batch.length} records of the shard ${shard}`,
      async () => {
        const outcome = await invoke(batch);
        taken = outcome.kind === 'taken' ? batch.length : outcome.from;
        // A batch that is taken in part has got further: what is left is tried at once.
        if (outcome.kind === 'failed' && taken === 0) throw new Error(outcome.reason);
      },
    );
    if (!progressed) return undefined;
    after = batch[taken - 1]?.dynamodb.SequenceNumber;
    backlog -= taken;
    // Not finished on disk before everything was taken.
    const position = { sequenceNumber: after, finished: false };
    const kept = await untilDone(`keeping the position ${after} of the shard ${shard}`, () =>
      checkpoint.save(shard, position),
    );
    return kept ? batch.slice(taken) : undefined;
  };

  const processBatch = async (batch: readonly StreamRecord[]): Promise<boolean> => {
    let rest: readonly StreamRecord[] | undefined = batch;
    while (rest !== undefined && rest.length > 0 && !signal.aborted) rest = await processSome(rest);
    return rest?.length === 0;
  };

  const close = (): Promise<void> => checkpoint.save(shard, { sequenceNumber: after, finished: true });
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const begun = clock();
      let records: readonly StreamRecord[] | undefined;
      finished = false;
      const polled = await untilDone(`reading the shard ${shard}`, async () => {
        records = await poll();
      });
      if (!polled) return;
      backlog = records?.length ?? 0;
      drainedAt = records?.length === 0 ? begun : undefined;
      for (const batch of planBatches(records ?? [], options.batchSize)) {
        if (signal.aborted || !(await processBatch(batch))) return;
      }
      if (finished && (await untilDone(`closing the shard ${shard}`, close))) return;
      await pause(Math.max(0, begun + options.pollEveryMs - clock()), signal);
    }
  };

  return {
    state: () => ({
      shard,
      sequenceNumber: after,
      backlog,
      drainedAt,
      finished: checkpoint.position(shard)?.finished ?? false,
      gap,
      ...status(),
    }),
    ended: run(),
  };
}
