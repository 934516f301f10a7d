import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PolystoreError } from '../../lambda/errors.ts';
import type { InvocationResult } from '../../local/functions/index.ts';
import {
  type ChangeLogEvent,
  type ChangeLogRecord,
  type ChangeLogTrigger,
  startChangeLogTrigger,
  type TriggerNotice,
} from '../../local/triggers/index.ts';
import { sharedEngines } from '../engines.ts';
import { openTestTopic, type TestTopic } from './change-log-topic.ts';

const succeeded: InvocationResult = { kind: 'success', requestId: 'r', payload: null };
const failed: InvocationResult = {
  kind: 'failure',
  requestId: 'r',
  error: { errorType: 'StoreDown', errorMessage: 'not now', trace: [] },
};

describe('the change-log trigger on Kafka', () => {
  const { brokers } = sharedEngines().kafka;
  let log: TestTopic;
  const running: ChangeLogTrigger[] = [];
  let notices: TriggerNotice[] = [];

  const start = (
    invoke: (records: readonly ChangeLogRecord[], event: ChangeLogEvent) => Promise<InvocationResult>,
    batchSize = 100,
  ): ChangeLogTrigger => {
    const trigger = startChangeLogTrigger({
      model: 'test',
      function: {
        name: 'apply-redis',
        trigger: { kind: 'change-log', topics: [log.topic], batchSize, maximumBatchingWindowMs: 0 },
      },
      brokers,
      invoke: (event) => {
        // What a trigger sends is what this test is about.
        const sent = event as ChangeLogEvent;
        return invoke(Object.values(sent.records).flat(), sent);
      },
      onNotice: (notice) => notices.push(notice),
      backOff: { firstMs: 10, longestMs: 50 },
      discoverEveryMs: 200,
    });
    running.push(trigger);
    return trigger;
  };
  /** Starts a trigger whose function keeps the values that it gets. */
  const collect = (into: (string | null)[]): ChangeLogTrigger =>
    start(async (records) => {
      into.push(...records.map(textOf));
      return succeeded;
    });

  beforeEach(() => {
    log = openTestTopic(brokers);
    notices = [];
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((trigger) => trigger.stop()));
    await log.close();
  });

  test('gives a function the records in Lambda’s shape', async () => {
    await log.create(2);
    await log.send([
      {
        key: 'k1',
        value: 'ünï',
        partition: 1,
        headers: { 'polystore-schema': Buffer.from('1'), raw: Buffer.from([0, 127, 128, 255]) },
      },
      { key: 'k2', value: null, partition: 1 },
    ]);
    const events: ChangeLogEvent[] = [];

    start(async (_, event) => {
      events.push(event);
      return succeeded;
    });

    await until(() => events.length > 0);
    const name = `${log.topic}-1`;
    expect(events[0]).toMatchObject({ eventSource: 'aws:kafka', bootstrapServers: brokers.join(',') });
    expect(Object.keys(events[0]?.records ?? {})).toEqual([name]);
    expect(JSON.parse(JSON.stringify(events[0]?.records[name]))).toEqual([
      {
        topic: log.topic,
        partition: 1,
        offset: 0,
        timestamp: expect.any(Number),
        timestampType: 'LOG_APPEND_TIME',
        key: Buffer.from('k1').toString('base64'),
        value: Buffer.from('ünï').toString('base64'),
        headers: [{ 'polystore-schema': [49] }, { raw: [0, 127, -128, -1] }],
      },
      expect.objectContaining({
        offset: 1,
        key: Buffer.from('k2').toString('base64'),
        value: null,
        headers: [],
      }),
    ]);
    expect(Math.abs((events[0]?.records[name]?.[0]?.timestamp ?? 0) - Date.now())).toBeLessThan(600_000);
  });

  test('reads partitions that are added while it runs, from their first record', async () => {
    await log.create(1);
    await log.send([{ value: 'before', partition: 0 }]);
    const taken: (string | null)[] = [];
    const trigger = collect(taken);
    await until(() => taken.length === 1);

    await log.widen(3);
    await log.send([
      { value: 'added', partition: 2 },
      { value: 'after', partition: 0 },
    ]);

    await until(() => taken.length === 3);
    expect([...taken].sort()).toEqual(['added', 'after', 'before']);
    // What the topic is made of is asked anew every few seconds, and new partitions are without a leader.
    const lag = async () => {
      const [told] = await trigger.lag().catch(unlessUnavailable);
      return told;
    };
    await until(async () => (await lag())?.partitions.length === 3);
    await until(async () => (await lag())?.lag === 0);
  });

  test('gives each partition in its order, a batch at a time and at most the batch size', async () => {
    await log.create(3);
    await log.send(Array.from({ length: 300 }, (_, index) => ({ value: `${index}`, partition: index % 3 })));
    const byPartition = new Map<number, number[]>();
    const busy = new Set<number>();
    let overlapping = 0;
    let largest = 0;

    start(async (records) => {
      const partition = records[0]?.partition ?? -1;
      if (busy.has(partition)) overlapping += 1;
      busy.add(partition);
      await new Promise((resolve) => setImmediate(resolve));
      largest = Math.max(largest, records.length);
      byPartition.set(partition, [
        ...(byPartition.get(partition) ?? []),
        ...records.map(({ offset }) => offset),
      ]);
      busy.delete(partition);
      return succeeded;
    }, 7);

    await until(() => [...byPartition.values()].flat().length === 300);
    const offsets = Array.from({ length: 100 }, (_, offset) => offset);
    expect([0, 1, 2].map((partition) => byPartition.get(partition))).toEqual([offsets, offsets, offsets]);
    expect(overlapping).toBe(0);
    expect(largest).toBe(7);
  });

  test('tries a failed batch again until it succeeds, while other partitions go on', async () => {
    await log.create(2);
    await log.send([
      { value: 'a0', partition: 0 },
      { value: 'a1', partition: 0 },
      { value: 'b0', partition: 1 },
    ]);
    let sick = true;
    const tries: string[][] = [];
    const taken: (string | null)[] = [];

    const trigger = start(async (records) => {
      if (records[0]?.partition === 0) {
        tries.push(records.map((record) => String(textOf(record))));
        if (sick) return failed;
      }
      taken.push(...records.map(textOf));
      return succeeded;
    });
    await until(() => tries.length >= 3 && taken.includes('b0'));
    await log.send([{ value: 'b1', partition: 1 }]);
    await until(() => taken.includes('b1'));
    const [sickLag] = await trigger.lag();
    sick = false;
    await until(() => taken.includes('a1'));

    expect(sickLag?.lag).toBe(2);
    expect(sickLag?.partitions.find(({ partition }) => partition === 0)).toMatchObject({
      position: 0n,
      lag: 2,
      lastError: 'StoreDown: not now',
    });
    expect(tries.every((attempt) => attempt[0] === 'a0')).toBe(true);
    expect(taken).toEqual(['b0', 'b1', 'a0', 'a1']);
    // A broker that has just started has no coordinator for a moment, which is told too.
    expect(notices).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/StoreDown: not now/) }),
    );
  });

  test('goes on where it was after a restart, and with what failed', async () => {
    await log.create(1);
    await log.send([{ value: 'one', partition: 0 }]);
    const first: (string | null)[] = [];
    const trigger = start(async (records) => {
      if (records.some((record) => textOf(record) === 'two')) return failed;
      first.push(...records.map(textOf));
      return succeeded;
    });
    await until(() => first.length === 1);
    await log.send([{ value: 'two', partition: 0 }]);
    await until(() => notices.length > 0);
    await trigger.stop();

    const second: (string | null)[] = [];
    collect(second);

    await until(() => second.length > 0);
    expect(first).toEqual(['one']);
    expect(second).toEqual(['two']);
  });

  test('keeps the position of a batch that ends while it stops', async () => {
    await log.create(1);
    await log.send([{ value: 'slow', partition: 0 }]);
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const trigger = start(async () => {
      entered.resolve();
      await leave.promise;
      return succeeded;
    });
    await entered.promise;

    const stopping = trigger.stop();
    leave.resolve();
    await stopping;

    const again: (string | null)[] = [];
    const next = collect(again);
    await log.send([{ value: 'later', partition: 0 }]);
    await until(() => again.length > 0);
    expect(again).toEqual(['later']);
    expect(await next.lag()).toMatchObject([{ group: `test-apply-redis-${log.topic}` }]);
  });

  test('gives the whole log again after a rewind', async () => {
    await log.create(2);
    const all = ['a', 'b', 'c', 'd'];
    await log.send(all.map((value, index) => ({ value, partition: index % 2 })));
    const taken: (string | null)[] = [];
    const trigger = collect(taken);
    await until(() => taken.length === 4);

    await trigger.rewind();

    await until(() => taken.length === 8);
    expect(taken.slice(4).sort()).toEqual(all);
    await until(async () => (await trigger.lag())[0]?.lag === 0);
  });

  test('waits for a topic that is not there yet', async () => {
    const taken: (string | null)[] = [];
    collect(taken);
    await until(() => notices.length > 0);

    await log.create(1);
    await log.send([{ value: 'first', partition: 0 }]);

    await until(() => taken.length === 1);
    expect(notices[0]?.message).toMatch(/finding its position failed/);
  });

  test('tells of records that were deleted before it read them, and goes on', async () => {
    await log.create(1);
    await log.send([{ value: 'read', partition: 0 }]);
    const first: (string | null)[] = [];
    const trigger = collect(first);
    await until(() => first.length === 1);
    await trigger.stop();
    await log.send(['lost', 'lost too', 'kept'].map((value) => ({ value, partition: 0 })));
    await log.trim(0, 3n);

    const second: (string | null)[] = [];
    const next = collect(second);

    await until(() => second.length > 0);
    expect(second).toEqual(['kept']);
    expect(notices.at(-1)).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/position 1 of partition 0/),
    });
    const [topic] = await next.lag();
    expect(topic?.partitions[0]?.gap).toEqual({ from: 1n, to: 3n });
    expect(topic?.gaps).toEqual(['1 to 2 of partition 0 were deleted before they were read']);
  });
});

function textOf(record: ChangeLogRecord): string | null {
  return record.value === null ? null : Buffer.from(record.value, 'base64').toString();
}

function unlessUnavailable(error: unknown): readonly [] {
  if (error instanceof PolystoreError && error.code === 'store_unavailable') return [];
  throw error;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
