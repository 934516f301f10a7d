import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { decodeRecord } from '../../lambda/change/decode.ts';
import { positionOf } from '../../lambda/change/version.ts';
import { compile, dynamodb, entity, integer, model, text } from '../../lambda/model/index.ts';
import {
  createDynamodbStore,
  createMissingTable,
  createTombstones,
  ensureTable,
} from '../../lambda/stores/dynamodb/index.ts';
import { encodeItemKey, encodeRow, encodeTombstone } from '../../lambda/stores/dynamodb/item.ts';
import { createCapture } from '../../lambda/sync/capture.ts';
import type { StreamRecord } from '../../lambda/sync/capture-plan.ts';
import { createDeadLetters, renderDeadLettersTable } from '../../lambda/sync/dead-letters.ts';
import { createLetterBox } from '../../lambda/sync/letter-box.ts';
import { type DynamodbStreamTrigger, startDynamodbStreamTrigger } from '../../local/triggers/index.ts';
import { sharedEngines } from '../engines.ts';
import { rowWriter } from '../stores/row-writer.ts';
import { createFakeLines, createFakeLog, createFakeMetrics } from './fakes.ts';

const tableName = `captured-${process.pid}`;
const letters = `captured-letters-${process.pid}`;
type Indexes = NonNullable<Parameters<typeof dynamodb>[0]['indexes']>;
const catalogWith = (indexes: Indexes) =>
  compile(
    model('captured', [
      entity('seat', {
        key: ['owner', 'number'],
        tenant: 'owner',
        fields: { owner: text(), number: integer(), count: integer() },
        // DynamoDB Local expires nothing in a table that has an index.
        source: dynamodb({ partitionKey: 'OWNER#{owner}', sortKey: 'SEAT#{number}', indexes }),
      }),
    ]),
  );
const catalog = catalogWith({});
const [seat] = catalog.entities;
const connection = () => ({ ...sharedEngines().dynamodb, region: 'eu-west-1' });

/** Capture as it is deployed, on the real stream of a real table, into a log in memory. */
function startCapture() {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const dynamodbClient = new DynamoDBClient({ ...connection(), credentials });
  const streams = new DynamoDBStreamsClient({ ...connection(), credentials });
  const log = createFakeLog();
  const capture = createCapture({
    catalog,
    changeLog: log.changeLog,
    tombstones: createTombstones({ ...connection(), tableName, clock: Date.now }),
    deadLetters: createDeadLetters({
      client: dynamodbClient,
      table: letters,
      store: 'capture',
      clock: Date.now,
    }),
    generation: 0,
    clock: Date.now,
    log: createFakeLines(),
    metrics: createFakeMetrics(),
  });
  const trigger: DynamodbStreamTrigger = startDynamodbStreamTrigger({
    function: {
      name: 'capture',
      trigger: {
        kind: 'dynamodb-stream',
        batchSize: 100,
        maximumBatchingWindowMs: 0,
        reportsPartialFailures: true,
        maximumRetryAttempts: -1,
      },
    },
    table: tableName,
    clients: { dynamodb: dynamodbClient, streams },
    checkpointFile: join(mkdtempSync(join(tmpdir(), 'capture-')), 'checkpoint.json'),
    // The trigger gives what Lambda gives, in JSON.
    invoke: async (event) => ({
      requestId: 'test',
      kind: 'success',
      payload: await capture(JSON.parse(JSON.stringify(event)) as { Records: readonly StreamRecord[] }),
    }),
    onNotice: () => {},
    pollEveryMs: 20,
  });
  return { client: dynamodbClient, streams, trigger, records: log.records };
}

describe('capture on a real stream', () => {
  let running: ReturnType<typeof startCapture>;
  const store = createDynamodbStore({
    ...connection(),
    tableName,
    catalog,
    clock: Date.now,
    checksClock: true,
  });
  beforeAll(async () => {
    const { client, ...rest } = startCapture();
    running = { client, ...rest };
    await ensureTable({ ...connection(), tableName, catalog });
    await createMissingTable(client, renderDeadLettersTable(letters));
  });
  afterAll(async () => {
    await running.trigger.stop();
    await store.close();
    running.client.destroy();
    running.streams.destroy();
  });

  const changesOf = (number: number) =>
    running.records.flatMap((record) => {
      const decoded = seat === undefined ? undefined : decodeRecord(seat, record);
      return decoded?.kind === 'change' && decoded.change.key.number === number ? [decoded.change] : [];
    });
  const until = async (met: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await met())) await sleep(20);
  };
  const rowOf = (number: number, count = 0): Row => ({ owner: 'AA', number, count });
  const put = (row: Row, position: bigint, more = {}) =>
    running.client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: { ...encodeRow(entityOf(), row, position), ...more },
      }),
    );
  const remove = (row: Row) =>
    running.client.send(new DeleteItemCommand({ TableName: tableName, Key: encodeItemKey(entityOf(), row) }));
  const entityOf = () => {
    if (seat === undefined) throw new Error('the model has a seat');
    return seat;
  };

  test('a row that somebody deletes is a delete right after it, a tombstone in its place, and no row comes below it again', async () => {
    const row = rowOf(1);
    const future = BigInt(Date.now() + 600_000) * 1000n;
    await put(row, future);
    await remove(row);

    await until(() => changesOf(1).length >= 3);

    expect(changesOf(1).map(({ kind, version }) => [kind, positionOf(version)])).toEqual([
      ['upsert', future],
      ['delete', future + 1n],
      // The tombstone item itself, which says the same.
      ['delete', future + 1n],
    ]);
    const [written] = await rowWriter(store.writer).insert(entityOf(), [row]);
    expect(positionOf(written?.version ?? (0n as never))).toBe(future + 2n);
  });

  test('a row that is written again before capture has seen its removal stays', async () => {
    await running.trigger.stop();
    const row = rowOf(2, 7);
    await put(row, 5n);
    await remove(row);
    await put(row, 50n);
    running = { ...running, ...startCapture() };

    await until(() => changesOf(2).length >= 3);

    expect(changesOf(2).map(({ kind, version }) => [kind, positionOf(version)])).toEqual([
      ['upsert', 5n],
      ['delete', 6n],
      ['upsert', 50n],
    ]);
    expect(
      await store.read({
        kind: 'keys',
        placement: { entity: entityOf(), target: entityOf().source },
        keys: [row],
      }),
    ).toMatchObject([{ row: { count: 7 } }]);
  });

  test('a tombstone that TTL sweeps is no change, and a live row that TTL removes is a delete', async () => {
    const past = { ttl: { N: String(Math.floor(Date.now() / 1000) - 60) } };
    const tombstone = encodeTombstone(entityOf(), rowOf(3), 9n, 0);
    await running.client.send(new PutItemCommand({ TableName: tableName, Item: { ...tombstone, ...past } }));
    await put(rowOf(4), 9n, past);

    await until(() => changesOf(4).length >= 3);
    await until(() => running.trigger.status().backlog === 0);

    expect(changesOf(3).map(({ kind }) => kind)).toEqual(['delete']);
    expect(changesOf(4).map(({ kind, version }) => [kind, positionOf(version)])).toEqual([
      ['upsert', 9n],
      ['delete', 10n],
      ['delete', 10n],
    ]);
  });

  test('an item that is given the keys of an index is no change; what is written next is', async () => {
    // Of a deployment that knows an index which is to be made: its keys can be there before it is.
    const byCount = { partitionKey: 'OWNER#{owner}#COUNT#{count}', sortKey: 'SEAT#{number}' };
    const next = createDynamodbStore({
      ...{ ...connection(), tableName, clock: Date.now },
      catalog: catalogWith({ byCount }),
    });
    await put(rowOf(5, 1), 10n);
    const page = await next.fillIndex?.({ index: 'byCount', after: undefined, limit: 1_000 });
    await next.close();
    await put(rowOf(5, 2), 11n);

    await until(() => changesOf(5).length >= 2);
    await until(() => running.trigger.status().backlog === 0);

    expect(page?.filled).toBeGreaterThan(0);
    expect(page?.unfilled).toEqual([]);
    expect(changesOf(5).map(({ kind, version }) => [kind, positionOf(version)])).toEqual([
      ['upsert', 10n],
      ['upsert', 11n],
    ]);
  });

  test('an item of nobody is kept as a letter', async () => {
    const box = createLetterBox({ client: running.client, table: letters, clock: Date.now });
    const kept = () => box.places({ store: 'capture', scope: '@unknown' });
    await running.client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: { pk: { S: 'a' }, sk: { S: 'b' }, entity: { S: 'stranger' } },
      }),
    );

    await until(async () => (await kept()).length === 1);
  });
});
