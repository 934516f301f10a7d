import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { type FunctionSpec, failurePolicyOf, type Trigger as TriggerSpec } from '../../lambda/model/index.ts';
import { type BackOff, type Invoke, pause } from '../functions/index.ts';
import { createGivenUp, type GivenUpRecords, requireFolder } from './given-up.ts';
import { createRetry, defaultBackOff } from './retry.ts';
import { type ShardLoop, type ShardState, startShardLoop } from './shard-loop.ts';
import { openCheckpoint } from './stream-checkpoint.ts';
import { createStreamReader, type Shard, type StreamReader } from './stream-reader.ts';
import { type Notify, type RetryStatus, type Trigger, type TriggerNotice, worst } from './trigger.ts';

export interface DynamodbStreamTriggerOptions {
  readonly function: Pick<FunctionSpec, 'name'> & {
    readonly trigger: Extract<TriggerSpec, { kind: 'dynamodb-stream' }>;
  };
  readonly table: string;
  /** Clients of the table's engine; the caller keeps and closes them. */
  readonly clients: { readonly dynamodb: DynamoDBClient; readonly streams: DynamoDBStreamsClient };
  /** Where the positions are kept; its folder is made. */
  readonly checkpointFile: string;
  /** Stands in for the queue, topic or bucket of the settings, if they name one. @default - there is none */
  readonly destinationFolder?: string;
  readonly invoke: Invoke;
  readonly onNotice: (notice: TriggerNotice) => void;
  /** Of each shard. @default 250: Lambda polls 4 times a second */
  readonly pollEveryMs?: number;
  /** How often new shards are looked for while some are read. @default 5000 */
  readonly discoverEveryMs?: number;
  /** Waits between the tries of a failed batch. @default 100 ms to 5 s */
  readonly backOff?: BackOff;
  /** Milliseconds since the epoch. @default the system's clock */
  readonly clock?: () => number;
  /** @default reads from the clients */
  readonly reader?: StreamReader;
}

/** `failures` and `lastError` are of the shard, or of the search for shards, that has failed most in a row. */
export interface StreamStatus extends RetryStatus {
  readonly table: string;
  readonly streamArn: string | undefined;
  readonly shards: readonly ShardState[];
  /** Records that were read and not taken yet. */
  readonly backlog: number;
  /**
   * Every change that was committed before this moment has been taken: the oldest of the polls that
   * found their shards empty. Undefined while a shard holds something or has not been read yet.
   */
  readonly drainedAt: number | undefined;
  /** Why changes were lost before they were read: views must be rebuilt. Empty when none were. */
  readonly gaps: readonly string[];
  /** Records that were given up since the trigger was started: the views lack them. */
  readonly givenUp: number;
}

export interface DynamodbStreamTrigger extends Trigger {
  status(): StreamStatus;
}

/**
 * Feeds a function from the stream of a table as Lambda does: from its oldest record, each shard in
 * order after its parents, positions kept after success. The table need not be there yet.
 */
export function startDynamodbStreamTrigger(options: DynamodbStreamTriggerOptions): DynamodbStreamTrigger {
  const {
    table,
    backOff = defaultBackOff,
    discoverEveryMs = 5_000,
    pollEveryMs = 250,
    clock = Date.now,
  } = options;
  const { name, trigger } = options.function;
  const reader = options.reader ?? createStreamReader(options.clients, table);
  const checkpoint = openCheckpoint(options.checkpointFile);
  const halt = new AbortController();
  const { signal } = halt;
  const notify: Notify = (level, message, retry) =>
    options.onNotice({
      level,
      trigger: `${name} ← stream of ${table}`,
      message,
      ...(retry !== undefined && { retry }),
    });
  const { untilDone, status } = createRetry({ backOff, signal, notify });
  const policy = failurePolicyOf(trigger);
  requireFolder(name, policy, options.destinationFolder);
  const parallelizationFactor = trigger.parallelizationFactor ?? 1;
  const loops = new Map<string, ShardLoop>();
  const givenUpOf = new Map<string, GivenUpRecords>();
  const gaps: string[] = [];
  // Aborted when a shard ends, since its children may then be read.
  let wake = new AbortController();
  // Every shard that may be read has its loop.
  let listed = false;
  let streamArn: string | undefined;

  const lose = (gap: string): void => {
    gaps.push(gap);
    notify('error', `${gap} The views lack what was lost: rebuild them.`);
  };

  const openStream = async (): Promise<void> => {
    const arn = await reader.streamArn();
    if (checkpoint.streamArn !== arn) {
      if (checkpoint.streamArn !== undefined) {
        lose(
          `The table ${table} has another stream than before, ${arn}; what the old one still held was not read.`,
        );
      }
      await checkpoint.begin(arn);
    }
    streamArn = arn;
  };

  const discover = async (arn: string): Promise<void> => {
    const shards = await reader.shards(arn);
    const partitionKey = parallelizationFactor === 1 ? undefined : await reader.partitionKey(arn);
    const present = new Set(shards.map(({ id }) => id));
    for (const shard of checkpoint.shards()) {
      if (present.has(shard)) continue;
      if (checkpoint.position(shard)?.finished === false)
        lose(`The shard ${shard} was deleted before its end was read.`);
      await checkpoint.forget(shard);
    }
    for (const { id } of planShards(shards, (shard) => checkpoint.position(shard)?.finished ?? false)) {
      if (loops.has(id) || signal.aborted) continue;
      const givenUp = createGivenUp({
        ...{ functionName: name, source: id, policy, notify, now: clock },
        folder: options.destinationFolder,
      });
      givenUpOf.set(id, givenUp);
      const loop = startShardLoop({
        ...{ reader, checkpoint, backOff, signal, notify, pollEveryMs, clock },
        streamArn: arn,
        shard: id,
        batchSize: trigger.batchSize,
        maximumBatchingWindowMs: trigger.maximumBatchingWindowMs,
        ...{ policy, givenUp, parallelizationFactor, partitionKey },
        invoke: options.invoke,
      });
      loops.set(id, loop);
      void loop.ended.then(() => {
        listed = false;
        wake.abort();
      });
    }
  };

  const run = async (): Promise<void> => {
    await untilDone('finding the stream', openStream);
    while (!signal.aborted && streamArn !== undefined) {
      const arn = streamArn;
      wake = new AbortController();
      listed = true;
      await untilDone('listing its shards', () => discover(arn));
      const reading = [...loops.values()].some((loop) => !loop.state().finished);
      await pause(reading ? discoverEveryMs : pollEveryMs, AbortSignal.any([signal, wake.signal]));
    }
    await Promise.all([...loops.values()].map((loop) => loop.ended));
  };
  const running = run();

  return {
    status: () => {
      const shards = [...loops.values()].map((loop) => loop.state());
      return {
        table,
        streamArn,
        shards,
        backlog: shards.reduce((sum, { backlog }) => sum + backlog, 0),
        drainedAt: listed
          ? oldest(shards.filter(({ finished }) => !finished).map(({ drainedAt }) => drainedAt))
          : undefined,
        gaps: [...gaps, ...shards.flatMap(({ gap }) => gap ?? [])],
        givenUp: [...givenUpOf.values()].reduce((sum, each) => sum + each.count(), 0),
        ...worst([status(), ...shards]),
      };
    },
    async stop() {
      halt.abort();
      await running;
    },
  };
}

/** The shards that may be read now: unfinished, and no parent of theirs is left to be read. */
export function planShards(
  shards: readonly Shard[],
  isFinished: (shard: string) => boolean,
): readonly Shard[] {
  const present = new Set(shards.map(({ id }) => id));
  return shards.filter(
    ({ id, parent }) =>
      !isFinished(id) && (parent === undefined || !present.has(parent) || isFinished(parent)),
  );
}

function oldest(moments: readonly (number | undefined)[]): number | undefined {
  let result: number | undefined;
  for (const moment of moments) {
    if (moment === undefined) return undefined;
    result = Math.min(result ?? moment, moment);
  }
  return result;
}
