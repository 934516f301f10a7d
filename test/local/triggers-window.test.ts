import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { FetchedRecord } from '../../lambda/stores/kafka/index.ts';
import type { InvocationResult } from '../../local/functions/index.ts';
import {
  type ChangeLogEvent,
  type ChangeLogTrigger,
  startChangeLogTrigger,
} from '../../local/triggers/index.ts';
import type { TopicReader } from '../../local/triggers/topic-reader.ts';

/** A topic of one partition, and a clock that only the test moves. */
let log: FetchedRecord[];
let committed: bigint | undefined;
let now: number;
let reads: number;
let batches: number[][];
let answer: () => Promise<InvocationResult>;
/** How often the log still refuses to tell its end, as one does whose broker has just started again. */
let refusals: number;
const running: ChangeLogTrigger[] = [];

beforeEach(() => {
  [log, committed, now, reads, batches, refusals] = [[], undefined, 0, 0, [], 0];
  answer = async () => ({ kind: 'success', requestId: 'r', payload: null });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((trigger) => trigger.stop()));
});

const append = (count: number, bytes = 1): void => {
  for (let index = 0; index < count; index += 1)
    log.push({
      offset: BigInt(log.length),
      timestamp: 0n,
      timestampType: 'LOG_APPEND_TIME',
      key: null,
      value: Buffer.alloc(bytes),
      headers: [],
    });
};

const reader: TopicReader = {
  async read(_, offset) {
    reads += 1;
    await turn();
    const records = log.slice(Number(offset), Number(offset) + 3);
    return { kind: 'records', records, next: offset + BigInt(records.length) };
  },
  async offsets(at) {
    if (at === 'earliest') return new Map([[0, 0n]]);
    if (refusals > 0) {
      refusals -= 1;
      throw new Error('A partition of t has no leader.');
    }
    return new Map([[0, BigInt(log.length)]]);
  },
  committed: async () => new Map(committed === undefined ? [] : [[0, committed]]),
  commit: async (offsets) => {
    committed = offsets.get(0);
  },
  close: async () => {},
};

function start(batchSize = 10): ChangeLogTrigger {
  const trigger = startChangeLogTrigger({
    model: 'test',
    function: {
      name: 'apply-archive',
      trigger: { kind: 'change-log', topics: ['t'], batchSize, maximumBatchingWindowMs: 300_000 },
    },
    brokers: [],
    invoke: async (event) => {
      // What a trigger sends is what this test is about.
      const { records } = event as ChangeLogEvent;
      batches.push(Object.values(records).flatMap((each) => each.map(({ offset }) => offset)));
      return answer();
    },
    onNotice: () => undefined,
    clock: () => now,
    backOff: { firstMs: 0, longestMs: 0 },
    createReader: () => reader,
  });
  running.push(trigger);
  return trigger;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Everything on the log has been read by then, and what is due was sent. */
async function whenRead(): Promise<void> {
  const from = reads;
  while (reads < from + 8) await turn();
}

test('a batch waits for its window, which begins with its first record', async () => {
  const trigger = start();
  await whenRead();
  now = 1_000_000;
  append(2);
  await whenRead();
  append(2);
  now += 299_999;
  await whenRead();
  expect(batches).toEqual([]);
  expect(await trigger.lag()).toMatchObject([{ lag: 4, waiting: 4 }]);

  now += 1;
  await whenRead();

  expect(batches).toEqual([[0, 1, 2, 3]]);
  expect(committed).toBe(4n);
  expect(await trigger.lag()).toMatchObject([{ lag: 0, waiting: 0 }]);
});

test('a batch that is full does not wait, and what is left has a window of its own', async () => {
  start(4);
  append(6);
  await whenRead();
  expect(batches).toEqual([[0, 1, 2, 3]]);
  expect(committed).toBe(4n);

  now += 300_000;
  await whenRead();
  expect(batches).toEqual([
    [0, 1, 2, 3],
    [4, 5],
  ]);
});

test('a batch that has no room for the next record does not wait', async () => {
  start();
  append(3, 2_000_000);
  await whenRead();

  expect(batches).toEqual([[0, 1]]);
});

test('a flush sends what is on the log at once, and comes back when it was taken', async () => {
  const trigger = start();
  append(5);
  await whenRead();

  await trigger.flush();
  expect(batches.flat()).toEqual([0, 1, 2, 3, 4]);
  expect(committed).toBe(5n);

  append(1);
  await whenRead();
  expect(await trigger.lag()).toMatchObject([{ lag: 1, waiting: 1 }]);
});

test('a flush of what was not even read yet waits for it, and one of nothing for nothing', async () => {
  const trigger = start();
  append(7);
  await trigger.flush();
  await trigger.flush();

  expect(batches.flat()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('a flush waits for a log that cannot be asked for its end just now', async () => {
  const trigger = start();
  append(2);
  refusals = 3;

  await trigger.flush();

  expect(refusals).toBe(0);
  expect(batches.flat()).toEqual([0, 1]);
});

test('a flush of a log that never tells its end ends with the trigger', async () => {
  const trigger = start();
  append(1);
  await whenRead();
  refusals = Number.POSITIVE_INFINITY;
  const flushing = trigger.flush();
  await turn();

  await trigger.stop();

  await flushing;
  expect(batches).toEqual([]);
});

test('a stop does not wait for a window, and what waited comes again', async () => {
  const first = start();
  append(3);
  await whenRead();

  await first.stop();
  expect(batches).toEqual([]);
  expect(committed).toBeUndefined();

  const second = start();
  await second.flush();
  expect(batches.flat()).toEqual([0, 1, 2]);
});

test('a flush ends with the trigger, also while a function fails', async () => {
  answer = async () => ({
    kind: 'failure',
    requestId: 'r',
    error: { errorType: 'Error', errorMessage: 'not now', trace: [] },
  });
  const trigger = start();
  append(1);
  const flushing = trigger.flush();
  while (batches.length === 0) await turn();

  await trigger.stop();

  await flushing;
  expect(committed).toBeUndefined();
});

test('a rewind sends everything again', async () => {
  const trigger = start();
  append(2);
  await trigger.flush();

  await trigger.rewind();
  await trigger.flush();

  expect(batches.flat()).toEqual([0, 1, 0, 1]);
});
