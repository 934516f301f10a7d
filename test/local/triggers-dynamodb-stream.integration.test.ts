import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { InvocationResult } from '../../local/functions/index.ts';
import {
  type DynamodbStreamTrigger,
  type StreamEvent,
  type StreamRecord,
  startDynamodbStreamTrigger,
} from '../../local/triggers/index.ts';
import { sharedEngines } from '../engines.ts';

const success = (payload: unknown = null): InvocationResult => ({ kind: 'success', requestId: 'r', payload });

describe('the DynamoDB stream trigger on DynamoDB Local', () => {
  const connection = {
    endpoint: sharedEngines().dynamodb.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const dynamodb = new DynamoDBClient(connection);
  const streams = new DynamoDBStreamsClient(connection);
  const running: DynamodbStreamTrigger[] = [];
  let table: string;
  let checkpointFile: string;

  const createTable = () =>
    dynamodb.send(
      new CreateTableCommand({
        TableName: table,
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
  const put = (pk: string, value: number) =>
    dynamodb.send(
      new PutItemCommand({
        TableName: table,
        Item: { pk: { S: pk }, value: { N: String(value) }, raw: { B: new Uint8Array([0, 255]) } },
      }),
    );
  const start = (answer: (records: readonly StreamRecord[]) => InvocationResult): DynamodbStreamTrigger => {
    const trigger = startDynamodbStreamTrigger({
      function: {
        name: 'capture',
        trigger: {
          kind: 'dynamodb-stream',
          batchSize: 4,
          maximumBatchingWindowMs: 0,
          reportsPartialFailures: true,
          maximumRetryAttempts: -1,
        },
      },
      table,
      clients: { dynamodb, streams },
      checkpointFile,
      invoke: async (event) => answer((event as StreamEvent).Records),
      onNotice: () => undefined,
      pollEveryMs: 20,
      discoverEveryMs: 100,
      backOff: { firstMs: 10, longestMs: 50 },
    });
    running.push(trigger);
    return trigger;
  };
  const drained = async (trigger: DynamodbStreamTrigger): Promise<void> => {
    const from = Date.now();
    await until(() => (trigger.status().drainedAt ?? 0) > from);
  };

  beforeEach(async () => {
    table = `test-${randomUUID()}`;
    checkpointFile = join(mkdtempSync(join(tmpdir(), 'polystore-stream-')), 'stream.json');
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((trigger) => trigger.stop()));
    await dynamodb.send(new DeleteTableCommand({ TableName: table }));
  });
  afterAll(() => {
    dynamodb.destroy();
    streams.destroy();
  });

  test('gives a function inserts, changes and deletes in order and in Lambda’s shape', async () => {
    await createTable();
    await put('k', 1);
    await put('k', 2);
    await dynamodb.send(new DeleteItemCommand({ TableName: table, Key: { pk: { S: 'k' } } }));
    const taken: StreamRecord[] = [];

    await drained(
      start((records) => {
        taken.push(...records);
        return success();
      }),
    );

    const [first, second, third] = JSON.parse(JSON.stringify(taken));
    expect([first, second, third].map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY', 'REMOVE']);
    expect(first).toMatchObject({
      eventSource: 'aws:dynamodb',
      eventSourceARN: expect.stringContaining(`table/${table}/stream/`),
      dynamodb: {
        Keys: { pk: { S: 'k' } },
        NewImage: { pk: { S: 'k' }, value: { N: '1' }, raw: { B: 'AP8=' } },
        SequenceNumber: expect.stringMatching(/^\d+$/),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
        ApproximateCreationDateTime: expect.any(Number),
      },
    });
    expect(second.dynamodb).toMatchObject({
      OldImage: { value: { N: '1' } },
      NewImage: { value: { N: '2' } },
    });
    expect(third.dynamodb).toMatchObject({ OldImage: { value: { N: '2' } } });
    expect(third.dynamodb.NewImage).toBeUndefined();
  });

  test('gives again what a function reports as failed, from there on, and loses nothing', async () => {
    await createTable();
    for (let index = 0; index < 10; index += 1) await put(`k${index}`, index);
    const taken: string[] = [];
    const failOnce = new Set(['k2', 'k5', 'k9']);

    await drained(
      start((records) => {
        for (const { dynamodb: change } of records) {
          const key = change.Keys?.pk?.S ?? '';
          if (failOnce.delete(key)) {
            return success({ batchItemFailures: [{ itemIdentifier: change.SequenceNumber }] });
          }
          taken.push(key);
        }
        return success();
      }),
    );

    expect(taken).toEqual(Array.from({ length: 10 }, (_, index) => `k${index}`));
  });

  test('goes on after the last record it took when it is started again', async () => {
    await createTable();
    await put('a', 1);
    const taken: (string | undefined)[] = [];
    const collect = (records: readonly StreamRecord[]): InvocationResult => {
      taken.push(...records.map(({ dynamodb: change }) => change.Keys?.pk?.S));
      return success();
    };
    const trigger = start(collect);
    await drained(trigger);
    await trigger.stop();
    await put('b', 2);

    const next = start(collect);
    await drained(next);

    expect(taken).toEqual(['a', 'b']);
    expect(next.status()).toMatchObject({ backlog: 0, gaps: [], failures: 0 });
  });

  test('waits for a table that is not there yet', async () => {
    let taken = 0;
    const trigger = start((records) => {
      taken += records.length;
      return success();
    });
    await until(() => trigger.status().failures > 0);

    await createTable();
    await put('a', 1);

    await drained(trigger);
    expect(taken).toBe(1);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
