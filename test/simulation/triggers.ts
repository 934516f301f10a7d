import type { LoggedRecord } from '../../lambda/change/envelope.ts';
import type { CaptureResponse } from '../../lambda/sync/capture.ts';
import type { StreamRecord } from '../../lambda/sync/capture-plan.ts';
import type { LogEvent } from '../../lambda/sync/log-event.ts';
import { toLogEvent } from '../sync/fakes.ts';
import type { Random } from './random.ts';
import type { Ended, Process, Running, Scheduler, Started } from './scheduler.ts';
import type { Shard } from './simulated-dynamodb.ts';
import type { SimulatedLog } from './simulated-log.ts';

/** Who finds nothing looks again ever later, so that a silent day costs few steps. */
const firstIdleMs = 10;
const longestIdleMs = 2_000;

/** A function as Lambda keeps it: what it holds in memory lives from one invocation to the next. */
function createWarmFunction<Event, Answer>(
  scheduler: Scheduler,
  start: (running: Running) => (event: Event) => Promise<Answer>,
) {
  let held: { readonly running: Running; readonly call: (event: Event) => Promise<Answer> } | undefined;
  return {
    invoke: (name: string, event: Event): Started<Answer> =>
      scheduler.spawn({ name, mayCrash: true }, (process) => {
        if (held === undefined) {
          const running = { process };
          held = { running, call: start(running) };
        }
        held.running.process = process;
        return held.call(event);
      }),
    /** The next invocation begins anew, whatever the one that is lost still does. */
    forget: (): void => {
      held = undefined;
    },
  };
}

/** Feeds a function from every partition of some topics, as Lambda's Kafka trigger does. */
export interface LogTrigger {
  /** Whether every partition is at its end. */
  isIdle(): boolean;
  /** Reads again from the oldest record that the log keeps. */
  rewind(): void;
  /** Polls the partitions that came since the last call. */
  follow(): void;
}

export function createLogTrigger(options: {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: SimulatedLog;
  readonly name: string;
  readonly topics: readonly string[];
  /** Makes a function that is used for one invocation after the other, until it is lost. */
  readonly start: (running: Running) => (event: LogEvent) => Promise<unknown>;
  /** Judges what a function took that did not fail. */
  readonly taken: (records: readonly LoggedRecord[], by: string) => Promise<void>;
}): LogTrigger {
  const { scheduler, random, log, name, topics, start, taken } = options;
  const committed = new Map<string, { readonly topic: string; readonly partition: number; offset: bigint }>();

  async function poll(process: Process, place: { topic: string; partition: number; offset: bigint }) {
    const { topic, partition } = place;
    const warm = createWarmFunction(scheduler, start);
    let idleMs = firstIdleMs;
    for (;;) {
      // What the log has forgotten meanwhile nobody reads.
      if (place.offset < log.startOf(topic, partition)) place.offset = log.startOf(topic, partition);
      const from = place.offset;
      const records = log.read(topic, partition, from, random.pick([1, 3, 10, 100]));
      if (records.length === 0) {
        idleMs = Math.min(idleMs * 2, longestIdleMs);
        await scheduler.sleep(process, idleMs);
        continue;
      }
      idleMs = firstIdleMs;
      const to = from + BigInt(records.length);
      const label = `${name} ${topic.split('.').at(-1)}/${partition} ${from}–${to}`;
      const started = warm.invoke(label, toLogEvent(records));
      const ended: Ended<unknown> = await scheduler.join(process, started);
      if (ended.kind === 'lost') warm.forget();
      if (ended.kind === 'returned') await taken(records, label);
      // Somebody may have rewound it meanwhile.
      if (ended.kind === 'returned' && place.offset <= from) place.offset = to;
      else if (ended.kind === 'threw') scheduler.note(`${label} threw: ${messageOf(ended.error)}`);
      if (ended.kind !== 'returned') await scheduler.sleep(process, 30);
    }
  }

  const follow = (): void => {
    for (const topic of topics)
      for (let partition = 0; partition < log.partitionsOf(topic); partition += 1) {
        const id = `${topic}/${partition}`;
        if (committed.has(id)) continue;
        const place = { topic, partition, offset: 0n };
        committed.set(id, place);
        scheduler.spawn({ name: `poller of ${name} ${id}`, mayCrash: false }, (process) =>
          poll(process, place),
        );
      }
  };
  follow();
  return {
    follow,
    isIdle: () =>
      [...committed.values()].every(({ topic, partition, offset }) => offset === log.endOf(topic, partition)),
    rewind: () => {
      for (const place of committed.values()) place.offset = log.startOf(place.topic, place.partition);
    },
  };
}

/** Feeds capture from every shard, in order, a child after its parent; sends again from the first that failed. */
export function createStreamTrigger(options: {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly shards: () => readonly Shard[];
  readonly start: (
    running: Running,
  ) => (event: { readonly Records: readonly StreamRecord[] }) => Promise<CaptureResponse>;
  readonly report: (problem: string) => void;
}): { isIdle(): boolean; follow(): void } {
  const { scheduler, random, shards, start, report } = options;
  const checkpoints = new Map<Shard, { next: number }>();
  const isDone = (shard: Shard): boolean =>
    shard.closed && checkpoints.get(shard)?.next === shard.records.length;

  async function poll(process: Process, shard: Shard, name: string, checkpoint: { next: number }) {
    const warm = createWarmFunction(scheduler, start);
    let idleMs = firstIdleMs;
    while (!isDone(shard)) {
      const records = shard.records.slice(checkpoint.next, checkpoint.next + random.pick([1, 2, 5, 100]));
      if (records.length === 0 || (shard.parent !== undefined && !isDone(shard.parent))) {
        idleMs = Math.min(idleMs * 2, longestIdleMs);
        await scheduler.sleep(process, idleMs);
        continue;
      }
      idleMs = firstIdleMs;
      const label = `capture ${name} ${checkpoint.next}–${checkpoint.next + records.length}`;
      const started = warm.invoke(label, { Records: records });
      const ended = await scheduler.join(process, started);
      if (ended.kind !== 'returned') {
        if (ended.kind === 'lost') warm.forget();
        if (ended.kind === 'threw') scheduler.note(`${label} threw: ${messageOf(ended.error)}`);
        await scheduler.sleep(process, 30);
        continue;
      }
      const failed = ended.value.batchItemFailures[0]?.itemIdentifier;
      const at = failed === undefined ? records.length : sequenceIn(records, failed);
      if (at === -1) report(`${label} answered with ${failed}, which is of none of its records`);
      checkpoint.next += Math.max(at, 0);
      if (failed !== undefined) await scheduler.sleep(process, 30);
    }
  }

  const follow = (): void => {
    for (const [index, shard] of shards().entries()) {
      if (checkpoints.has(shard)) continue;
      const checkpoint = { next: 0 };
      checkpoints.set(shard, checkpoint);
      const name = `shard ${index}`;
      scheduler.spawn({ name: `poller of ${name}`, mayCrash: false }, (process) =>
        poll(process, shard, name, checkpoint),
      );
    }
  };
  follow();
  return {
    follow,
    isIdle: () => shards().every((shard) => checkpoints.get(shard)?.next === shard.records.length),
  };
}

const sequenceIn = (records: readonly StreamRecord[], sequence: string): number =>
  records.findIndex((record) => record.dynamodb?.SequenceNumber === sequence);

/** A defect of the code under test is wanted with its stack, a store that is away is not. */
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${error.code}: ${error.message}` : (error.stack ?? error.message);
};
