import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createDynamodbStore } from '../../../lambda/stores/dynamodb/index.ts';
import { encodeItemKey, encodeRow } from '../../../lambda/stores/dynamodb/item.ts';
import { contractCatalog, itemOf, itemRow, keyOfRow, placementOf, upsert } from '../contract-model.ts';

// DynamoDB Local never throttles. This server answers as the service documents it of BatchExecuteStatement: 200 with
// an error for each statement that was throttled; of BatchGetItem: 200 with the keys that were not processed; and
// whole requests with 400 and a code.

const catalog = contractCatalog('throttled');
const throttled = { Error: { Code: 'ThrottlingError', Message: 'too much' } };
let answers: (readonly [number, (statements: number) => unknown])[] = [];
const asked: number[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { Statements, RequestItems, Limit } = JSON.parse(Buffer.concat(chunks).toString()) as {
      Statements?: unknown[];
      RequestItems?: { items: { Keys: unknown[] } };
      Limit?: number;
    };
    const count = Statements?.length ?? RequestItems?.items.Keys.length ?? Limit ?? 0;
    asked.push(count);
    const [status, body] = answers.shift() ?? [200, (all) => ({ Responses: Array(all).fill({}) })];
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(body(count)));
  });
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

const changes = [1, 2, 3].map((number) => upsert(itemOf(catalog), itemRow({ number: String(number) }), 5));

const open = () => {
  // A server that listens on a port has an address of that kind.
  const { port } = server.address() as AddressInfo;
  return createDynamodbStore({
    ...{ endpoint: `http://127.0.0.1:${port}`, region: 'eu-west-1', tableName: 'items' },
    ...{ catalog, clock: () => 0, segments: 1 },
  });
};
afterEach(() => {
  answers = [];
  asked.length = 0;
});

test('what was throttled of a batch, or a whole one, is sent again, and all is applied', async () => {
  const store = open();
  answers = [
    [400, () => ({ __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException', message: 'too much' })],
    [200, () => ({ Responses: [{}, throttled, throttled] })],
    [200, () => ({ Responses: [throttled, {}] })],
  ];

  const result = await store.apply(placementOf(catalog, 'item.source'), changes);

  expect(result).toEqual({ applied: 3, stale: 0, rejected: [] });
  expect(asked).toEqual([3, 3, 2, 1]);
  await store.close();
});

describe('truth that DynamoDB gives in part', () => {
  const placement = placementOf(catalog, 'item.source');
  const { entity } = placement;
  const key = (number: number) => ({ ...itemRow({ number: String(number) }) });
  const keys = [1, 2, 3].map((number) => keyOfRow(entity, key(number)));
  const item = (number: number) => encodeRow(entity, key(number), 5n);
  const keyOf = (number: number) => encodeItemKey(entity, key(number));
  const tooMuch = { __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException', message: 'too much' };

  test('is asked for until each key is answered', async () => {
    const store = open();
    answers = [
      [
        200,
        () => ({
          Responses: { items: [item(1)] },
          UnprocessedKeys: { items: { Keys: [keyOf(2), keyOf(3)] } },
        }),
      ],
      [400, () => tooMuch],
      [200, () => ({ Responses: { items: [item(3)] }, UnprocessedKeys: {} })],
    ];

    const truth = await store.readTruth({ placement, of: { kind: 'keys', keys } });

    expect(truth.changes.map((change) => change.key.number)).toEqual(['1', '3']);
    expect(truth.absent).toEqual([keys[1]]);
    expect(asked).toEqual([3, 2, 2]);
    await store.close();
  });

  test('of keys that are never answered is an error, and none of them is absent', async () => {
    const store = open();
    answers = Array(20).fill([
      200,
      () => ({ Responses: {}, UnprocessedKeys: { items: { Keys: [keyOf(1)] } } }),
    ]);

    await expect(store.readTruth({ placement, of: { kind: 'keys', keys } })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    await store.close();
  });

  test('of a page that was throttled is read again from where the page began', async () => {
    const store = open();
    answers = [
      [400, () => tooMuch],
      [200, () => ({ Items: [item(1)], LastEvaluatedKey: keyOf(1) })],
    ];

    const truth = await store.readTruth({ placement, of: { kind: 'page', after: undefined, limit: 7 } });

    expect(truth.changes).toHaveLength(1);
    expect(truth.next).toContain('T#acme');
    expect(asked).toEqual([7, 7]);
    await store.close();
  });
});
