import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { InvocationResult } from '../../local/functions/index.ts';
import { planShards } from '../../local/triggers/dynamodb-stream.ts';
import {
  type DynamodbStreamTrigger,
  type StreamEvent,
  startDynamodbStreamTrigger,
  type TriggerNotice,
} from '../../local/triggers/index.ts';
import { parseStreamResponse, renderStreamRecord } from '../../local/triggers/stream-event.ts';
import { recordOf, ScriptedStream } from './scripted-stream.ts';

const success = (payload: unknown = null): InvocationResult => ({ kind: 'success', requestId: 'r', payload });
const failed: InvocationResult = {
  kind: 'failure',
  requestId: 'r',
  error: { errorType: 'LogDown', errorMessage: 'not now', trace: [] },
};

describe('the DynamoDB stream trigger', () => {
  let stream: ScriptedStream;
  let checkpointFile: string;
  let notices: TriggerNotice[];
  let batches: string[][];
  const running: DynamodbStreamTrigger[] = [];

  const start = (
    answer: (batch: readonly string[]) => InvocationResult = () => success(),
    batchSize = 100,
  ): DynamodbStreamTrigger => {
    const trigger = startDynamodbStreamTrigger({
      function: {
        name: 'capture',
        trigger: {
          kind: 'dynamodb-stream',
          batchSize,
          maximumBatchingWindowMs: 0,
          reportsPartialFailures: true,
          maximumRetryAttempts: -1,
        },
      },
      table: 't',
      // Never used: the scripted stream stands in their place.
      clients: {
        dynamodb: new DynamoDBClient({ region: 'local' }),
        streams: new DynamoDBStreamsClient({ region: 'local' }),
      },
      checkpointFile,
      reader: stream,
      invoke: async (event) => {
        const batch = (event as StreamEvent).Records.map(({ dynamodb }) => dynamodb.SequenceNumber);
        batches.push(batch);
        return answer(batch);
      },
      onNotice: (notice) => notices.push(notice),
      pollEveryMs: 1,
      discoverEveryMs: 5,
      backOff: { firstMs: 1, longestMs: 4 },
    });
    running.push(trigger);
    return trigger;
  };
  /** Resolves when everything that the stream holds now has been taken. */
  const drained = async (trigger: DynamodbStreamTrigger): Promise<void> => {
    const from = Date.now();
    await until(() => (trigger.status().drainedAt ?? 0) > from);
  };

  beforeEach(() => {
    stream = new ScriptedStream();
    checkpointFile = join(mkdtempSync(join(tmpdir(), 'polystore-stream-')), 'state', 'stream.json');
    notices = [];
    batches = [];
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((trigger) => trigger.stop()));
  });

  test('takes a shard from its oldest record, in order and in batches of at most the batch size', async () => {
    stream.shard('s', [1, 2, 3, 4, 5]);

    await drained(start(undefined, 2));

    expect(batches).toEqual([['1', '2'], ['3', '4'], ['5']]);
  });

  test('takes what comes later', async () => {
    const shard = stream.shard('s', [1]);
    const trigger = start();
    await drained(trigger);

    shard.records.push(recordOf(2));

    await drained(trigger);
    expect(batches.flat()).toEqual(['1', '2']);
  });

  test('reads children only after the end of their parents', async () => {
    stream.shard('child', [3, 4], { parent: 'parent' });
    const parent = stream.shard('parent', [1]);
    const trigger = start();
    await until(() => batches.length === 1);
    parent.records.push(recordOf(2));
    parent.closed = true;

    await until(() => batches.flat().length === 4);

    expect(batches.flat()).toEqual(['1', '2', '3', '4']);
    expect(stream.opened).toEqual(['parent', 'child']);
    await drained(trigger);
  });

  test('reads a shard whose parent is not there any more', async () => {
    stream.shard('child', [3], { parent: 'gone' });

    await drained(start());

    expect(batches).toEqual([['3']]);
  });

  test('goes on at the lowest record that is reported as failed', async () => {
    stream.shard('s', [1, 2, 3, 4]);
    const answers = [
      success({ batchItemFailures: [{ itemIdentifier: '4' }, { itemIdentifier: '3' }] }),
      success({ batchItemFailures: [{ itemIdentifier: '3' }] }),
      success({ batchItemFailures: [] }),
    ];

    await drained(start(() => answers.shift() ?? success()));

    expect(batches).toEqual([
      ['1', '2', '3', '4'],
      ['3', '4'],
      ['3', '4'],
    ]);
  });

  test('keeps what a failed batch has taken', async () => {
    stream.shard('s', [1, 2, 3]);
    const trigger = start((batch) =>
      batch[0] === '1' ? success({ batchItemFailures: [{ itemIdentifier: '3' }] }) : failed,
    );
    await until(() => batches.length > 2);
    await trigger.stop();
    batches = [];

    await drained(start());

    expect(batches).toEqual([['3']]);
  });

  test('tries a batch again for ever when the function fails, and says so', async () => {
    stream.shard('s', [1, 2]);
    let sick = true;
    const trigger = start(() => (sick ? failed : success()));
    await until(() => batches.length >= 5);
    expect(trigger.status()).toMatchObject({
      backlog: 2,
      drainedAt: undefined,
      lastError: 'LogDown: not now',
    });
    expect(trigger.status().failures).toBeGreaterThan(0);
    expect(trigger.status().shards[0]).toMatchObject({
      lastError: 'LogDown: not now',
      sequenceNumber: undefined,
    });

    sick = false;

    await drained(trigger);
    expect(new Set(batches.map((batch) => batch.join()))).toEqual(new Set(['1,2']));
    expect(trigger.status()).toMatchObject({ backlog: 0 });
    expect(notices[0]).toMatchObject({ level: 'warn', message: expect.stringMatching(/LogDown: not now/) });
  });

  test('keeps other shards going while one fails', async () => {
    stream.shard('a', [1]);
    const other = stream.shard('b', [2]);
    start((batch) => (batch.includes('1') ? failed : success()));
    await until(() => batches.flat().includes('2'));

    other.records.push(recordOf(3));

    await until(() => batches.flat().includes('3'));
  });

  test('goes on after the last record it took when it is started again', async () => {
    const shard = stream.shard('s', [1, 2]);
    const trigger = start();
    await drained(trigger);
    await trigger.stop();
    shard.records.push(recordOf(3));
    batches = [];

    await drained(start());

    expect(batches).toEqual([['3']]);
    expect(JSON.parse(readFileSync(checkpointFile, 'utf8'))).toEqual({
      streamArn: stream.arn,
      shards: { s: { sequenceNumber: '3', finished: false } },
    });
  });

  test('does not read a finished shard again', async () => {
    stream.shard('parent', [1], { closed: true });
    stream.shard('child', [2], { parent: 'parent' });
    const trigger = start();
    await drained(trigger);
    await trigger.stop();
    batches = [];

    await drained(start());

    expect(batches).toEqual([]);
  });

  test('finds its position anew when an iterator has expired', async () => {
    const shard = stream.shard('s', [1]);
    const trigger = start();
    await drained(trigger);
    stream.nextRead = 'expired';
    shard.records.push(recordOf(2));

    await until(() => batches.length === 2);

    expect(batches.flat()).toEqual(['1', '2']);
  });

  test('takes a beginning that moved on before the first read for no loss', async () => {
    stream.shard('s', [1]);
    stream.nextRead = 'trimmed';

    const trigger = start();
    await drained(trigger);

    expect(batches).toEqual([['1']]);
    expect(trigger.status().gaps).toEqual([]);
    expect(notices.at(-1)).toMatchObject({ level: 'warn' });
  });

  test('tells of records that were deleted before it read them, and goes on from the oldest', async () => {
    const shard = stream.shard('s', [1]);
    const trigger = start();
    await drained(trigger);
    await trigger.stop();
    shard.records.push(recordOf(2), recordOf(3));
    shard.trimmed = 2;
    batches = [];

    const next = start();
    await drained(next);

    expect(batches).toEqual([['3']]);
    expect(next.status().gaps).toEqual([expect.stringMatching(/those after 1 of the shard s are gone/)]);
    expect(notices.at(-1)).toMatchObject({ level: 'error', message: expect.stringMatching(/rebuild/) });
  });

  test('tells of a shard that was deleted before its end was read', async () => {
    stream.shard('s', [1]);
    const trigger = start();
    await drained(trigger);
    await trigger.stop();
    stream.held.splice(0);
    stream.shard('t', [9]);

    const next = start();
    await drained(next);

    expect(next.status().gaps).toEqual([expect.stringMatching(/shard s was deleted/)]);
    expect(batches.flat()).toEqual(['1', '9']);
  });

  test('begins a new stream of the table at its oldest record', async () => {
    stream.shard('s', [1]);
    const trigger = start();
    await drained(trigger);
    await trigger.stop();
    stream = new ScriptedStream();
    stream.arn = 'arn:aws:dynamodb:local:000000000000:table/t/stream/2';
    stream.shard('s', [1]);

    const next = start();
    await drained(next);

    expect(batches).toEqual([['1'], ['1']]);
    expect(next.status().gaps).toEqual([expect.stringMatching(/another stream/)]);
  });

  test('lets the batch that runs end when it is stopped, and keeps its position', async () => {
    stream.shard('s', [1, 2]);
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const trigger = startSlow(stream, checkpointFile, async () => {
      entered.resolve();
      await leave.promise;
      return success();
    });
    await entered.promise;

    const stopping = trigger.stop();
    leave.resolve();
    await stopping;

    await drained(start());
    expect(batches).toEqual([['2']]);
  });

  test('refuses a damaged file of positions and says what to do', () => {
    checkpointFile = join(mkdtempSync(join(tmpdir(), 'polystore-stream-')), 'stream.json');
    writeFileSync(checkpointFile, '{"streamArn"');

    expect(() => start()).toThrow(/cannot be read.*Remove the file/s);
  });
});

describe('planShards', () => {
  test('never allows a shard before its ancestors', () => {
    // A shard's parent is one of those before it, or none.
    const forest = fc
      .array(fc.record({ parent: fc.integer({ min: -1, max: 20 }), finished: fc.boolean() }), {
        maxLength: 20,
      })
      .map((nodes) =>
        nodes.map(({ parent, finished }, index) => ({
          id: `${index}`,
          parent: parent >= 0 && parent < index ? `${parent}` : undefined,
          finished,
        })),
      );
    fc.assert(
      fc.property(forest, (shards) => {
        const finished = new Set(shards.filter((shard) => shard.finished).map(({ id }) => id));
        const allowed = planShards(shards, (id) => finished.has(id));

        for (const { id, parent } of allowed) {
          expect(finished.has(id)).toBe(false);
          if (parent !== undefined) expect(finished.has(parent)).toBe(true);
        }
        // As long as something is left, something may be read.
        const roots = shards.filter((shard) => !shard.finished && shard.parent === undefined);
        expect(allowed.length >= roots.length).toBe(true);
      }),
    );
  });
});

describe('parseStreamResponse', () => {
  const batch = [1, 2, 3].map(recordOf);

  test.each([
    [null],
    [undefined],
    [{}],
    [{ batchItemFailures: null }],
    [{ batchItemFailures: [] }],
    ['text'],
  ])('takes %j as a success', (payload) => {
    expect(parseStreamResponse(payload, batch)).toEqual({ kind: 'taken' });
  });

  test.each([
    [{ itemIdentifier: '' }],
    [{ itemIdentifier: null }],
    [{ id: '2' }],
    [{ itemIdentifier: '9' }],
    [null],
  ])('takes the failure %j as one of the whole batch', (item) => {
    expect(parseStreamResponse({ batchItemFailures: [{ itemIdentifier: '2' }, item] }, batch)).toMatchObject({
      kind: 'failed',
      from: 0,
    });
  });

  test('goes on from the lowest of the failures', () => {
    expect(
      parseStreamResponse({ batchItemFailures: [{ itemIdentifier: '3' }, { itemIdentifier: '2' }] }, batch),
    ).toMatchObject({ kind: 'failed', from: 1 });
  });
});

describe('renderStreamRecord', () => {
  test('gives every type of attribute as JSON can hold it', () => {
    const image = {
      b: { B: new Uint8Array([0, 255]) },
      bs: { BS: [new Uint8Array([1])] },
      l: { L: [{ S: 'ü' }, { M: { n: { N: '12345678901234567890.5' } } }] },
      yes: { BOOL: true },
      none: { NULL: true },
      ns: { NS: ['1', '2'] },
      ss: { SS: ['a'] },
    };
    const record = renderStreamRecord(
      {
        eventID: 'e',
        eventName: 'REMOVE',
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'local',
        userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' },
        dynamodb: {
          ApproximateCreationDateTime: new Date('2013-01-01T10:00:00.900Z'),
          Keys: { pk: { S: 'k' } },
          OldImage: image,
          SequenceNumber: '100000000000000000001',
          SizeBytes: 3,
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
      },
      'arn:stream',
    );

    expect(JSON.parse(JSON.stringify(record))).toEqual({
      eventID: 'e',
      eventName: 'REMOVE',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'local',
      eventSourceARN: 'arn:stream',
      userIdentity: { principalId: 'dynamodb.amazonaws.com', type: 'Service' },
      dynamodb: {
        ApproximateCreationDateTime: 1357034400,
        Keys: { pk: { S: 'k' } },
        OldImage: {
          b: { B: 'AP8=' },
          bs: { BS: ['AQ=='] },
          l: { L: [{ S: 'ü' }, { M: { n: { N: '12345678901234567890.5' } } }] },
          yes: { BOOL: true },
          none: { NULL: true },
          ns: { NS: ['1', '2'] },
          ss: { SS: ['a'] },
        },
        SequenceNumber: '100000000000000000001',
        SizeBytes: 3,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    });
  });
});

/** A trigger of batches of one record. */
function startSlow(
  reader: ScriptedStream,
  checkpointFile: string,
  invoke: () => Promise<InvocationResult>,
): DynamodbStreamTrigger {
  return startDynamodbStreamTrigger({
    function: {
      name: 'capture',
      trigger: {
        kind: 'dynamodb-stream',
        batchSize: 1,
        maximumBatchingWindowMs: 0,
        reportsPartialFailures: true,
        maximumRetryAttempts: -1,
      },
    },
    table: 't',
    clients: {
      dynamodb: new DynamoDBClient({ region: 'local' }),
      streams: new DynamoDBStreamsClient({ region: 'local' }),
    },
    checkpointFile,
    reader,
    invoke,
    onNotice: () => undefined,
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
