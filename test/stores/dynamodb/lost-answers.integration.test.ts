import { randomUUID } from 'node:crypto';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { columnOf } from '../../../lambda/model/index.ts';
import { createDynamodbStore, ensureTable } from '../../../lambda/stores/dynamodb/index.ts';
import type { SourceStatement } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { contractCatalog, itemOf, itemRow, keyOfRow, placementOf } from '../contract-model.ts';

// Between the store and DynamoDB: lets a transaction through and breaks the connection in place of its answer.
const catalog = contractCatalog('lost-answers');
const entity = itemOf(catalog);
const table = () => ({ ...sharedEngines().dynamodb, region: 'eu-west-1', tableName, catalog });
const tableName = `lost-${randomUUID()}`;
let toLose = 0;
let lost = 0;
const proxy = createServer((incoming, outgoing) => {
  const isTransaction = String(incoming.headers['x-amz-target']).endsWith('TransactWriteItems');
  const { hostname, port } = new URL(sharedEngines().dynamodb.endpoint);
  const onward = forward(
    { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
    (answer) => {
      if (isTransaction && toLose > 0) {
        toLose -= 1;
        lost += 1;
        // All of it has come, so it was done.
        answer.on('end', () => outgoing.destroy()).resume();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    },
  );
  incoming.pipe(onward);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  await ensureTable(table());
});
afterAll(() => new Promise((resolve) => proxy.close(resolve)));

test('a transaction whose answers are lost takes hold once, and is told as done', async () => {
  // A server that listens on a port has an address of that kind.
  const { port } = proxy.address() as AddressInfo;
  const store = createDynamodbStore({ ...table(), endpoint: `http://127.0.0.1:${port}`, clock: Date.now });
  const rows = ['1', '2'].map((number) => itemRow({ tenant: randomUUID(), number, count: 0 }));
  const column = columnOf(entity, 'count');
  const increment = rows.map(
    (row): SourceStatement => ({
      kind: 'update',
      entity,
      key: keyOfRow(entity, row),
      set: {},
      computed: {
        count: {
          kind: 'arithmetic',
          operator: '+',
          left: { kind: 'column', column },
          right: { kind: 'constant', type: 'integer', value: '1' },
        },
      },
    }),
  );
  await store.writer.transact([{ kind: 'insert', entity, rows }]);

  for (let round = 1; round <= 6; round += 1) {
    toLose = 1 + (round % 3);
    const written = await store.writer.transact(increment);
    expect(written.map(([one]) => one?.row?.count)).toEqual([round, round]);
  }

  const held = await store.read({ kind: 'keys', placement: placementOf(catalog, 'item.source'), keys: rows });
  expect([lost, held.map(({ row }) => row.count)]).toEqual([12, [6, 6]]);
  await store.close();
});
