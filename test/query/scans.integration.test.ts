import { randomUUID } from 'node:crypto';
import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { compile, dynamodb, entity, entityOf, integer, model, text } from '../../lambda/model/index.ts';
import { createQueryEngine, createTokens, type QueryEngine } from '../../lambda/query/index.ts';
import { createClient } from '../../lambda/stores/dynamodb/connection.ts';
import { createDynamodbStore, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { encodeRow } from '../../lambda/stores/dynamodb/item.ts';
import { inParallel } from '../../lambda/stores/in-parallel.ts';
import type { Caller } from '../../lambda/stores/store.ts';
import { sharedEngines } from '../engines.ts';
import { failure, fakeAurora, nowMs, request, secret, realTimer as timer } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';

const fields = {
  tenant: text({ maxLength: 10 }),
  id: text({ maxLength: 10 }),
  weight: integer().optional(),
  note: text({ maxLength: 20 }),
};
const options = { key: ['tenant', 'id'], tenant: 'tenant', fields } as const;
const parcel = entity('parcel', {
  ...options,
  source: dynamodb({ partitionKey: 'TENANT#{tenant}#PARCEL#{id}', sortKey: 'PARCEL#{id}' }),
});
/** Lies in the same table. */
const letter = entity('letter', {
  ...options,
  source: dynamodb({ partitionKey: 'TENANT#{tenant}#LETTER#{id}', sortKey: 'LETTER#{id}' }),
});
const catalog = compile(model('scans', [parcel, letter]));
const clock = () => nowMs;

const count = 900;
const rowsOf = (tenant: string, many: number): readonly Row[] =>
  Array.from({ length: many }, (_, index) => ({
    tenant,
    id: `p${index}`,
    weight: index % 11 === 0 ? null : (index * 7919) % 100_003,
    note: ['', 'é', 'fragile', 'Fragile'][index % 4] ?? '',
  }));
const own = rowsOf('own', count);
const other = rowsOf('other', 300);

const caller: Caller = { kind: 'tenant', tenant: 'own', subject: 'test' };
const operator: Caller = { kind: 'operator', subject: 'test' };
let store: ReturnType<typeof createDynamodbStore>;
let engine: QueryEngine;

/** Past the store's conditional writes, of which so many take minutes. */
async function put(
  client: DynamoDBClient,
  tableName: string,
  name: string,
  rows: readonly Row[],
): Promise<void> {
  const items = rows.map((row) => encodeRow(entityOf(catalog, name), row, 1n));
  const batches = Array.from({ length: Math.ceil(items.length / 25) }, (_, at) =>
    items.slice(at * 25, at * 25 + 25),
  );
  await inParallel(batches, 4, async (batch) => {
    const RequestItems = { [tableName]: batch.map((Item) => ({ PutRequest: { Item } })) };
    const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems }));
    expect(Object.keys(UnprocessedItems ?? {})).toEqual([]);
  });
}

beforeAll(async () => {
  const connection = { endpoint: sharedEngines().dynamodb.endpoint, region: 'eu-west-1' };
  const tableName = `scans-${randomUUID()}`;
  await ensureTable({ ...connection, tableName, catalog });
  // Several pages of each segment.
  store = createDynamodbStore({ ...connection, tableName, catalog, clock, segments: 2, pageItems: 200 });
  const client = createClient(connection, 3);
  await put(client, tableName, 'parcel', [...own, ...other]);
  await put(client, tableName, 'letter', rowsOf('own', 50));
  client.destroy();
  const stores = { ...createMemoryStores(), aurora: fakeAurora(), dynamodb: store };
  engine = createQueryEngine({ catalog, stores, tokens: createTokens(secret), timer, clock, generation: 0 });
});
afterAll(() => store?.close());

const ask = (sql: string, more: Parameters<typeof request>[1] = {}, by: Caller = caller) =>
  engine.query(request(sql, { scan: 'allowed', timeoutMs: 25_000, ...more }), by);
const idsOf = (rows: readonly Row[]): readonly string[] => rows.map(({ id }) => String(id));
const weightOf = ({ weight }: Row): number => Number(weight);

test('what nothing but a scan answers is refused with what it would read, until it is allowed', async () => {
  const refused = await failure(ask("select id from parcel where note = 'é'", { scan: 'refused' }));
  const allowed = await ask("select id from parcel where note = 'é'", { maxRows: 10_000 });

  expect(refused.code).toBe('scan_refused');
  expect(refused.message).toContain('parcel.source (dynamodb), every item of the table is read');
  expect(idsOf(allowed.rows).toSorted()).toEqual(idsOf(own.filter(({ note }) => note === 'é')).toSorted());
  expect(allowed.route).toMatchObject({ placement: 'parcel.source' });
});

test('the first rows of an order are those of all there are, nulls where PostgreSQL has them', async () => {
  const heaviest = own
    .filter(({ weight }) => weight !== null)
    .toSorted((a, b) => weightOf(b) - weightOf(a) || (String(a.id) < String(b.id) ? -1 : 1));
  const light = await ask('select id, weight from parcel order by weight desc, id limit 5');
  const known = await ask(
    'select id from parcel where weight is not null order by weight desc, id limit 7 offset 3',
  );

  expect(light.rows.every(({ weight }) => weight === null)).toBe(true);
  expect(idsOf(known.rows)).toEqual(idsOf(heaviest.slice(3, 10)));
});

test('all rows of a tenant are read page by page, and no row of another’s', async () => {
  const { rows } = await ask('select id, tenant from parcel', { maxRows: 100_000 });

  expect(new Set(idsOf(rows)).size).toBe(count);
  expect(rows.every(({ tenant }) => tenant === 'own')).toBe(true);
});

test('an operator reads the rows of all tenants', async () => {
  const { rows } = await ask(
    "select tenant, count(*) as parcels from parcel where note = 'fragile' group by tenant order by tenant",
    {},
    operator,
  );

  const countOf = (all: readonly Row[]): number => all.filter(({ note }) => note === 'fragile').length;
  expect(rows).toEqual([
    { tenant: 'other', parcels: countOf(other) },
    { tenant: 'own', parcels: countOf(own) },
  ]);
});
