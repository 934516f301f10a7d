import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDynamodbStore } from '../../../lambda/stores/dynamodb/index.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../contract-model.ts';

// DynamoDB Local never throttles. This server answers as the service documents it of BatchExecuteStatement: 200 with
// an error for each statement that was throttled; and whole requests with 400 and a code.

const catalog = contractCatalog('throttled');
const throttled = { Error: { Code: 'ThrottlingError', Message: 'too much' } };
let answers: (readonly [number, (statements: number) => unknown])[] = [];
const asked: number[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { Statements = [] } = JSON.parse(Buffer.concat(chunks).toString()) as { Statements?: unknown[] };
    asked.push(Statements.length);
    const [status, body] = answers.shift() ?? [200, (count) => ({ Responses: Array(count).fill({}) })];
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(body(Statements.length)));
  });
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => server.close(resolve)));

const changes = [1, 2, 3].map((number) => upsert(itemOf(catalog), itemRow({ number: String(number) }), 5));

test('what was throttled of a batch, or a whole one, is sent again, and all is applied', async () => {
  // A server that listens on a port has an address of that kind.
  const { port } = server.address() as AddressInfo;
  const store = createDynamodbStore({
    ...{ endpoint: `http://127.0.0.1:${port}`, region: 'eu-west-1', tableName: 'items' },
    ...{ catalog, clock: () => 0 },
  });
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
