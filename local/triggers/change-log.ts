import { PolystoreError } from '../../lambda/errors.ts';
import {
  type FailurePolicy,
  type FunctionSpec,
  failurePolicyOf,
  type Trigger as TriggerSpec,
} from '../../lambda/model/index.ts';
import type { Offsets } from '../../lambda/stores/kafka/index.ts';
import { type BackOff, type Invoke, pause } from '../functions/index.ts';
import { createGivenUp, type GivenUpRecords, requireFolder } from './given-up.ts';
import { type PartitionLoop, type PartitionState, startPartitionLoop } from './partition-loop.ts';
import { createRetry, defaultBackOff } from './retry.ts';
import { createTopicReader, type TopicReader } from './topic-reader.ts';
import type { Notify, Trigger, TriggerNotice } from './trigger.ts';

export interface ChangeLogTriggerOptions {
  /** Names the consumer groups together with the function and the topic. */
  readonly model: string;
  readonly function: Pick<FunctionSpec, 'name'> & {
    readonly trigger: Extract<TriggerSpec, { kind: 'change-log' }>;
  };
  /** `host:port`. */
  readonly brokers: readonly string[];
  /** Stands in for the queue, topic or bucket of the settings, if they name one. @default - there is none */
  readonly destinationFolder?: string;
  readonly invoke: Invoke;
  readonly onNotice: (notice: TriggerNotice) => void;
  /** Waits between the tries of a failed batch. @default 100 ms to 5 s */
  readonly backOff?: BackOff;
  /** What windows are measured by, in milliseconds that never go back. @default `performance.now` */
  readonly clock?: () => number;
  /** What the age of records is measured by, milliseconds since the epoch. @default the system's clock */
  readonly now?: () => number;
  /** How often partitions that were added are looked for. @default 5000 */
  readonly discoverEveryMs?: number;
  /** @default reads from the brokers */
  readonly createReader?: (topic: string, group: string) => TopicReader;
}

export interface TopicLag {
  readonly topic: string;
  readonly group: string;
  /** Records that have not been taken, of all partitions; those that wait for their batch are among them. */
  readonly lag: number;
  /** Records that were read and wait until their batch is full, or its window over. */
  readonly waiting: number;
  /** Why records were lost before they were read: views must be rebuilt. Empty when none were. */
  readonly gaps: readonly string[];
  /** Records that were given up since the trigger was started: the views lack them. */
  readonly givenUp: number;
  readonly partitions: readonly (PartitionState & { readonly end: bigint; readonly lag: number })[];
}

export interface ChangeLogTrigger extends Trigger {
  /** What each topic holds beyond the committed positions. @throws when the brokers do not answer. */
  lag(): Promise<readonly TopicLag[]>;
  /**
   * Sends what the topics hold now without waiting for windows, and resolves when all of it was taken: for
   * whoever asks the view next. Resolves too when the trigger is stopped or rewound.
   */
  flush(): Promise<void>;
  /** Sets the positions of all topics back to their earliest records and goes on from there. */
  rewind(): Promise<void>;
}

/** The consumer group of a function's trigger on one topic. */
function consumerGroup(model: string, functionName: string, topic: string): string {
  return `${model}-${functionName}-${topic}`;
}

/**
 * Feeds a function from the change log as Lambda's Kafka trigger does: each topic a trigger with its
 * own consumer group, partitions at the same time, from the earliest record where nothing has been
 * committed. Brokers and topics need not be there yet, and partitions that are added are read too. Unlike
 * Lambda's, a batch is of one partition. A stop sends nothing that waits for
 * its window: it is read again after the next start.
 */
export function startChangeLogTrigger(options: ChangeLogTriggerOptions): ChangeLogTrigger {
  const { model, brokers, onNotice } = options;
  const { name, trigger } = options.function;
  const policy = failurePolicyOf(trigger);
  requireFolder(name, policy, options.destinationFolder);
  const createReader =
    options.createReader ?? ((topic, group) => createTopicReader({ brokers, topic, group }));
  const feeds = trigger.topics.map((topic) => {
    const group = consumerGroup(model, name, topic);
    const notify: Notify = (level, message, retry) =>
      onNotice({ level, trigger: `${name} ← ${topic}`, message, ...(retry !== undefined && { retry }) });
    const now = options.now ?? Date.now;
    return startFeed({
      ...{ policy, now, notify },
      discoverEveryMs: options.discoverEveryMs ?? 5_000,
      givenUpOf: (partition) =>
        createGivenUp({
          ...{ functionName: name, source: `${topic}-${partition}`, policy, notify, now },
          folder: options.destinationFolder,
        }),
      topic,
      group,
      brokers,
      batchSize: trigger.batchSize,
      maximumBatchingWindowMs: trigger.maximumBatchingWindowMs,
      clock: options.clock ?? (() => performance.now()),
      invoke: options.invoke,
      backOff: options.backOff ?? defaultBackOff,
      reader: createReader(topic, group),
    });
  });
  let stopped: Promise<void> | undefined;
  return {
    lag: () => Promise.all(feeds.map((feed) => feed.lag())),
    flush: async () => {
      await Promise.all(feeds.map((feed) => feed.flush()));
    },
    rewind: async () => {
      await Promise.all(feeds.map((feed) => feed.rewind()));
    },
    stop: () => {
      stopped ??= Promise.all(feeds.map((feed) => feed.stop())).then(() => undefined);
      return stopped;
    },
  };
}

interface FeedOptions {
  readonly topic: string;
  readonly group: string;
  readonly brokers: readonly string[];
  readonly batchSize: number;
  readonly maximumBatchingWindowMs: number;
  readonly policy: FailurePolicy;
  readonly givenUpOf: (partition: number) => GivenUpRecords;
  readonly discoverEveryMs: number;
  readonly clock: () => number;
  readonly now: () => number;
  readonly invoke: Invoke;
  readonly backOff: BackOff;
  readonly reader: TopicReader;
  readonly notify: Notify;
}

/** All partitions of one topic. */
function startFeed(options: FeedOptions) {
  const { topic, group, reader, notify, backOff } = options;
  let loops: readonly PartitionLoop[] = [];
  // Kept through a rewind, which takes nothing back.
  const givenUp = new Map<number, GivenUpRecords>();
  let begun = Promise.withResolvers<void>();
  let halt = new AbortController();
  // Rewinding and stopping wait for one another.
  let last: Promise<void> = Promise.resolve();

  const locate = async (): Promise<Offsets> => {
    const [earliest, committed] = await Promise.all([reader.offsets('earliest'), reader.committed()]);
    return new Map([...earliest].map(([partition, first]) => [partition, committed.get(partition) ?? first]));
  };
  const begin =
    (signal: AbortSignal) =>
    ([partition, position]: readonly [number, bigint]): PartitionLoop => {
      const records = givenUp.get(partition) ?? options.givenUpOf(partition);
      givenUp.set(partition, records);
      return startPartitionLoop({ ...options, givenUp: records, partition, position, signal });
    };
  const addPartitions = async (signal: AbortSignal): Promise<void> => {
    const isRead = (partition: number): boolean => loops.some((loop) => loop.state().partition === partition);
    // One question, of which most answers are that there are none.
    const partitions = [...(await reader.offsets('earliest')).keys()];
    if (partitions.every(isRead)) return;
    const added = [...(await locate())].filter(([partition]) => !isRead(partition));
    loops = [...loops, ...added.map(begin(signal))];
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    let positions: Offsets = new Map();
    const { untilDone } = createRetry({ backOff, signal, notify });
    const found = await untilDone('finding its position', async () => {
      positions = await locate();
    });
    if (!found) {
      begun.resolve();
      return;
    }
    loops = [...positions].map(begin(signal));
    begun.resolve();
    while (!signal.aborted) {
      await pause(options.discoverEveryMs, signal);
      if (!signal.aborted) await untilDone('looking for partitions', () => addPartitions(signal));
    }
    await Promise.all(loops.map((loop) => loop.ended));
  };
  let running = run(halt.signal);
  const drain = async (): Promise<void> => {
    halt.abort();
    await running;
  };
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const mine = last.then(step);
    last = mine.catch(() => undefined);
    return mine;
  };
  let stopped = false;

  return {
    lag: async (): Promise<TopicLag> => {
      const [positions, ends] = await Promise.all([locate(), reader.offsets('latest')]);
      const partitions = [...positions].map(([partition, position]) => {
        const end = ends.get(partition) ?? position;
        const state = loops
          .map((loop) => loop.state())
          .find((candidate) => candidate.partition === partition);
        return {
          ...(state ?? { failures: 0, lastError: undefined, gap: undefined, waiting: 0 }),
          partition,
          position,
          end,
          lag: Number(end > position ? end - position : 0n),
        };
      });
      return {
        topic,
        group,
        lag: partitions.reduce((sum, partition) => sum + partition.lag, 0),
        waiting: partitions.reduce((sum, partition) => sum + partition.waiting, 0),
        gaps: partitions.flatMap(({ partition, gap }) =>
          gap === undefined
            ? []
            : [`${gap.from} to ${gap.to - 1n} of partition ${partition} were deleted before they were read`],
        ),
        givenUp: [...givenUp.values()].reduce((sum, each) => sum + each.count(), 0),
        partitions,
      };
    },
    flush: async (): Promise<void> => {
      await begun.promise;
      let ends: Offsets = new Map();
      const { untilDone } = createRetry({ backOff, signal: halt.signal, notify });
      const told = await untilDone('finding the end of the log', async () => {
        ends = await reader.offsets('latest');
      });
      if (!told) return;
      await Promise.all(loops.map((loop) => loop.flush(ends.get(loop.state().partition) ?? 0n)));
    },
    rewind: () =>
      inTurn(async () => {
        if (stopped)
          throw new PolystoreError(
            'not_running',
            `The trigger on ${topic} was stopped; start it again to rewind it.`,
          );
        await drain();
        try {
          await reader.commit(await reader.offsets('earliest'));
        } finally {
          halt = new AbortController();
          begun = Promise.withResolvers();
          running = run(halt.signal);
        }
      }),
    stop: () =>
      inTurn(async () => {
        stopped = true;
        await drain();
        await reader.close();
      }),
  };
}
