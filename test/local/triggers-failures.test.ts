import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Trigger as TriggerSpec } from '../../lambda/model/index.ts';
import type { FetchedRecord } from '../../lambda/stores/kafka/index.ts';
import type { InvocationResult } from '../../local/functions/index.ts';
import {
  type ChangeLogEvent,
  type DynamodbStreamTrigger,
  type StreamEvent,
  startChangeLogTrigger,
  startDynamodbStreamTrigger,
  type TriggerNotice,
} from '../../local/triggers/index.ts';
import { recordOf, ScriptedStream } from './scripted-stream.ts';

const success = (payload: unknown = null): InvocationResult => ({ kind: 'success', requestId: 'r', payload });
const failed: InvocationResult = {
  kind: 'failure',
  requestId: 'r',
  error: { errorType: 'StoreDown', errorMessage: 'not now', trace: [] },
};

type StreamSettings = Partial<Extract<TriggerSpec, { kind: 'dynamodb-stream' }>>;
type ChangeLogSettings = Partial<Extract<TriggerSpec, { kind: 'change-log' }>>;

let folder: string;
let stream: ScriptedStream;
let notices: TriggerNotice[];
const running: { stop(): Promise<void> }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polystore-failures-'));
  stream = new ScriptedStream();
  notices = [];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((trigger) => trigger.stop()));
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** The messages that lie under the destination's folder, with their paths in it. */
function destinationFiles(): readonly (readonly [string, Record<string, unknown>])[] {
  const root = join(folder, 'destinations');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [file.slice(root.length + 1), JSON.parse(readFileSync(file, 'utf8'))] as const);
}

function startStream(
  settings: StreamSettings,
  answer: (batch: readonly string[]) => InvocationResult | Promise<InvocationResult>,
  clock?: () => number,
): DynamodbStreamTrigger {
  const trigger = startDynamodbStreamTrigger({
    function: {
      name: 'capture',
      trigger: { kind: 'dynamodb-stream', batchSize: 100, maximumBatchingWindowMs: 0, ...settings },
    },
    table: 't',
    // Never used: the scripted stream stands in their place.
    clients: {
      dynamodb: new DynamoDBClient({ region: 'local' }),
      streams: new DynamoDBStreamsClient({ region: 'local' }),
    },
    checkpointFile: join(folder, 'positions.json'),
    destinationFolder: join(folder, 'destinations'),
    reader: stream,
    invoke: async (event) =>
      answer((event as StreamEvent).Records.map(({ dynamodb }) => dynamodb.SequenceNumber)),
    onNotice: (notice) => notices.push(notice),
    pollEveryMs: 0,
    discoverEveryMs: 1,
    backOff: { firstMs: 0, longestMs: 0 },
    ...(clock !== undefined && { clock }),
  });
  running.push(trigger);
  return trigger;
}

describe('a stream whose function fails', () => {
  test('gives poison up after its retries, tells the bucket all of it, and goes on', async () => {
    stream.shard('s', [1, 2, 3]);
    const taken: string[] = [];
    const settings = { maximumRetryAttempts: 2, bisectsOnError: true, onFailure: 'bucket' } as const;

    const trigger = startStream(settings, (batch) => {
      if (batch.includes('2')) return failed;
      taken.push(...batch);
      return success();
    });

    await until(() => trigger.status().shards[0]?.sequenceNumber === '3' && trigger.status().backlog === 0);
    expect(taken).toEqual(['1', '3']);
    expect(trigger.status()).toMatchObject({ givenUp: 1, failures: 0 });
    const [[file, message] = ['', {}]] = destinationFiles();
    expect(file).toMatch(
      /^capture\/s\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}\.json$/,
    );
    expect(message).toEqual({
      requestContext: {
        requestId: 'r',
        functionArn: 'arn:aws:lambda:local:000000000000:function:capture',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: expect.any(Number),
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: expect.any(String),
      DDBStreamBatchInfo: {
        shardId: 's',
        startSequenceNumber: '2',
        endSequenceNumber: '2',
        approximateArrivalOfFirstRecord: expect.any(String),
        approximateArrivalOfLastRecord: expect.any(String),
        batchSize: 1,
        streamArn: stream.arn,
      },
      payload: JSON.stringify({ Records: [recordOf(2)] }),
    });
    expect(notices.filter(({ level }) => level === 'error')).toMatchObject([
      { message: expect.stringMatching(/given up \(RetryAttemptsExhausted.*the bucket is told/) },
    ]);
  });

  test('tells a queue where the records are, and not what they are', async () => {
    stream.shard('s', [1]);

    const trigger = startStream({ maximumRetryAttempts: 0, onFailure: 'queue' }, () => failed);

    await until(() => trigger.status().givenUp === 1);
    expect(destinationFiles()[0]?.[1]).not.toHaveProperty('payload');
  });

  test('says so where what it gives up is lost', async () => {
    stream.shard('s', [1]);

    const trigger = startStream({ maximumRetryAttempts: 0 }, () => failed);

    await until(() => trigger.status().givenUp === 1);
    expect(notices.at(-1)).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/no destination.*missing from the views/),
    });
  });

  test('gives up records that are too old before it ever invokes with them', async () => {
    const shard = stream.shard('s', []);
    const written = (sequence: number, seconds: number) => {
      const record = recordOf(sequence);
      return { ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: seconds } };
    };
    shard.records.push(written(1, 1_000), written(2, 1_061));
    const taken: string[] = [];

    const trigger = startStream(
      { maximumRecordAgeSeconds: 60, onFailure: 'topic' },
      (batch) => {
        taken.push(...batch);
        return success();
      },
      () => 1_100_000,
    );

    await until(() => trigger.status().shards[0]?.sequenceNumber === '2');
    expect(taken).toEqual(['2']);
    expect(destinationFiles()[0]?.[1]).toMatchObject({
      requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 0 },
    });
  });

  test('refuses a destination that it has no folder for', () => {
    expect(() =>
      startChangeLogTrigger({
        model: 'm',
        function: {
          name: 'apply-redis',
          trigger: {
            kind: 'change-log',
            topics: ['t'],
            batchSize: 1,
            maximumBatchingWindowMs: 0,
            onFailure: 'queue',
          },
        },
        ...{ brokers: [], invoke: async () => success(), onNotice: () => undefined },
        createReader: () => readerOf([]).reader,
      }),
    ).toThrow(/apply-redis tells a queue of failures, which needs a folder/);
  });
});

describe('a stream with a window', () => {
  test('waits for a full batch or the end of the window, over many reads', async () => {
    let now = 0;
    const shard = stream.shard('s', [1, 2]);
    const batches: (readonly string[])[] = [];
    const trigger = startStream(
      { batchSize: 3, maximumBatchingWindowMs: 10_000 },
      (batch) => {
        batches.push(batch);
        return success();
      },
      () => now,
    );
    await until(() => trigger.status().backlog === 2);
    shard.records.push(recordOf(3), recordOf(4));
    await until(() => trigger.status().shards[0]?.sequenceNumber === '3');
    expect(batches).toEqual([['1', '2', '3']]);

    now += 10_000;

    await until(() => trigger.status().shards[0]?.sequenceNumber === '4');
    expect(batches.at(-1)).toEqual(['4']);
  });

  test('does not wait where the shard has ended', async () => {
    stream.shard('parent', [1], { closed: true });
    stream.shard('child', [2], { parent: 'parent', closed: true });

    const trigger = startStream(
      { maximumBatchingWindowMs: 300_000 },
      () => success(),
      () => 0,
    );

    await until(() => trigger.status().shards.filter(({ finished }) => finished).length === 2);
  });
});

describe('a stream with batches that run at the same time', () => {
  const keyed = (sequence: number, key: string) => {
    const record = recordOf(sequence);
    return {
      ...record,
      dynamodb: { ...record.dynamodb, Keys: { pk: { S: key }, sk: { N: String(sequence) } } },
    };
  };

  test('keeps the order of each partition key and takes each record once, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 7 }),
        fc.infiniteStream(fc.boolean()),
        async (keys, parallelizationFactor, batchSize, failures) => {
          folder = mkdtempSync(join(tmpdir(), 'polystore-lanes-'));
          stream = new ScriptedStream();
          stream.shard('s', []).records.push(...keys.map((key, index) => keyed(index + 1, key)));
          const taken: string[] = [];
          const trigger = startStream({ parallelizationFactor, batchSize }, async (batch) => {
            await new Promise((resolve) => setImmediate(resolve));
            if (failures.next().value === true) return failed;
            taken.push(...batch);
            return success();
          });

          await until(() => trigger.status().shards[0]?.sequenceNumber === String(keys.length));
          await trigger.stop();

          expect([...taken].sort((a, b) => Number(a) - Number(b))).toEqual(
            keys.map((_, index) => String(index + 1)),
          );
          for (const key of new Set(keys)) {
            const mine = taken.map(Number).filter((sequence) => keys[sequence - 1] === key);
            expect(mine).toEqual([...mine].sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('goes on with other keys while one fails, and keeps the position before it', async () => {
    const shard = stream.shard('s', []);
    shard.records.push(...Array.from({ length: 20 }, (_, index) => keyed(index + 1, `k${index % 5}`)));
    const taken: string[] = [];
    const trigger = startStream({ parallelizationFactor: 10, batchSize: 1 }, (batch) => {
      if (batch.includes('1')) return failed;
      taken.push(...batch);
      return success();
    });

    await until(() => taken.includes('20'));

    expect(trigger.status().shards[0]?.sequenceNumber).toBeUndefined();
    expect(trigger.status()).toMatchObject({ failures: expect.any(Number), lastError: 'StoreDown: not now' });
    // All of the key that fails waits behind it.
    expect(taken).not.toContain('6');
  });
});

describe('a stream whose shards split', () => {
  test('keeps the order of each key through splits, failures and partial answers', async () => {
    // A shard is split into two or followed by one, some times over; a key goes on in one of the children.
    const plan = fc.record({
      splits: fc.array(fc.boolean(), { maxLength: 5 }),
      writes: fc.array(fc.record({ key: fc.nat(7), splitsFirst: fc.boolean() }), {
        minLength: 1,
        maxLength: 60,
      }),
      parallelizationFactor: fc.integer({ min: 1, max: 4 }),
      answers: fc.infiniteStream(fc.constantFrom('takes', 'takes', 'fails', 'takes one')),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ splits, writes, parallelizationFactor, answers }) => {
        folder = mkdtempSync(join(tmpdir(), 'polystore-splits-'));
        stream = new ScriptedStream();
        const left = [...splits];
        const root = stream.shard('s', []);
        let open = [root];
        /** By key; a split sends a key to one of the children. */
        const home = Array.from({ length: 8 }, () => root);
        const keys = new Map<string, number>();
        for (const [index, { key, splitsFirst }] of writes.entries()) {
          const isSplit = splitsFirst ? left.shift() : undefined;
          if (isSplit !== undefined)
            open = open.flatMap((parent) => {
              parent.closed = true;
              const children = isSplit ? ['0', '1'] : ['0'];
              return children.map((child) =>
                stream.shard(`${parent.id}.${child}`, [], { parent: parent.id }),
              );
            });
          const sequence = index + 1;
          keys.set(String(sequence), key);
          const record = recordOf(sequence);
          home[key]?.records.push({
            ...record,
            dynamodb: { ...record.dynamodb, Keys: { pk: { S: String(key) } } },
          });
        }
        // Discovery is told of them in any order: children may come first.
        stream.held.reverse();
        const taken: string[] = [];
        const trigger = startStream(
          { parallelizationFactor, batchSize: 3, reportsPartialFailures: true },
          (batch) => {
            const answer = answers.next().value;
            if (answer === 'fails') return failed;
            if (answer === 'takes one' && batch.length > 1) {
              taken.push(...batch.slice(0, 1));
              return success({ batchItemFailures: [{ itemIdentifier: batch[1] }] });
            }
            taken.push(...batch);
            return success();
          },
        );

        await until(
          () =>
            trigger.status().shards.filter(({ finished }) => !finished).length === open.length &&
            trigger.status().backlog === 0 &&
            taken.length >= writes.length,
        );
        await trigger.stop();

        for (const key of new Set(keys.values())) {
          const mine = taken.filter((sequence) => keys.get(sequence) === key).map(Number);
          expect(mine).toEqual([...mine].sort((a, b) => a - b));
        }
        expect(new Set(taken).size).toBe(writes.length);
      }),
      { numRuns: 40 },
    );
  });
});

/** A topic of one partition in memory. */
function readerOf(log: readonly FetchedRecord[]) {
  const state = { committed: 0n };
  return {
    state,
    reader: {
      async read(_: number, offset: bigint) {
        await new Promise((resolve) => setImmediate(resolve));
        const records = log.slice(Number(offset));
        return { kind: 'records' as const, records, next: offset + BigInt(records.length) };
      },
      offsets: async (at: 'earliest' | 'latest') =>
        new Map([[0, at === 'earliest' ? 0n : BigInt(log.length)]]),
      committed: async () => new Map<number, bigint>(),
      commit: async (offsets: ReadonlyMap<number, bigint>) => {
        state.committed = offsets.get(0) ?? 0n;
      },
      close: async () => {},
    },
  };
}

describe('a topic whose function fails', () => {
  const log = (count: number): FetchedRecord[] =>
    Array.from({ length: count }, (_, index) => ({
      offset: BigInt(index),
      timestamp: 1_700_000_000_000n,
      timestampType: 'LOG_APPEND_TIME',
      key: null,
      value: Buffer.from(`${index}`),
      headers: [],
    }));
  const start = (
    settings: ChangeLogSettings,
    count: number,
    answer: (offsets: readonly number[]) => InvocationResult,
  ) => {
    const { state, reader } = readerOf(log(count));
    const trigger = startChangeLogTrigger({
      model: 'm',
      function: {
        name: 'apply-redis',
        trigger: {
          kind: 'change-log',
          topics: ['t'],
          batchSize: 100,
          maximumBatchingWindowMs: 0,
          ...settings,
        },
      },
      brokers: ['127.0.0.1:1'],
      destinationFolder: join(folder, 'destinations'),
      invoke: async (event) =>
        answer(
          Object.values((event as ChangeLogEvent).records).flatMap((each) =>
            each.map(({ offset }) => offset),
          ),
        ),
      onNotice: (notice) => notices.push(notice),
      backOff: { firstMs: 0, longestMs: 0 },
      createReader: () => reader,
    });
    running.push(trigger);
    return { trigger, state };
  };

  test('goes on at the offset that the answer names', async () => {
    const batches: (readonly number[])[] = [];
    const pollers = { minimum: 1, maximum: 1 };

    const { state } = start({ pollers, reportsPartialFailures: true }, 4, (offsets) => {
      batches.push(offsets);
      return batches.length > 1
        ? success()
        : success({ batchItemFailures: [{ itemIdentifier: { partition: 't-0', offset: 2 } }] });
    });

    await until(() => state.committed === 4n);
    expect(batches).toEqual([
      [0, 1, 2, 3],
      [2, 3],
    ]);
  });

  test('tries all of it again when the answer names another partition', async () => {
    const batches: (readonly number[])[] = [];
    const pollers = { minimum: 1, maximum: 1 };

    const { state } = start({ pollers, reportsPartialFailures: true }, 2, (offsets) => {
      batches.push(offsets);
      return batches.length > 1
        ? success()
        : success({ batchItemFailures: [{ itemIdentifier: { partition: 't-1', offset: 1 } }] });
    });

    await until(() => state.committed === 2n);
    expect(batches).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('with a destination is tried ten times again and then given up, as on Lambda', async () => {
    let invocations = 0;

    const { trigger, state } = start({ onFailure: 'bucket' }, 2, () => {
      invocations += 1;
      return failed;
    });

    await until(() => state.committed === 2n);
    expect(invocations).toBe(11);
    expect(await trigger.lag()).toMatchObject([{ givenUp: 2 }]);
    const [[file, message] = ['', {}]] = destinationFiles();
    expect(file).toMatch(/^apply-redis\/t-0\//);
    expect(message).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 11 },
      KafkaBatchInfo: {
        batchSize: 2,
        bootstrapServers: '127.0.0.1:1',
        recordsInfo: {
          't-0': {
            firstRecordOffset: '0',
            lastRecordOffset: '1',
            firstRecordTimestamp: '2023-11-14T22:13:20.000Z',
            lastRecordTimestamp: '2023-11-14T22:13:20.000Z',
          },
        },
      },
      payload: expect.stringContaining('"t-0"'),
    });
  });

  test('without one is tried for ever', async () => {
    let invocations = 0;

    const { state } = start({}, 1, () => {
      invocations += 1;
      return invocations < 50 ? failed : success();
    });

    await until(() => state.committed === 1n);
    expect(invocations).toBe(50);
  });
});
