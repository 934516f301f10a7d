import { randomUUID } from 'node:crypto';
import {
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../../lambda/change/change.ts';
import {
  type Catalog,
  compile,
  dynamodb,
  type Entity,
  entity,
  entityOf,
  integer,
  model,
  text,
} from '../../../lambda/model/index.ts';
import { createDynamodbStore, ensureTable, renderTable } from '../../../lambda/stores/dynamodb/index.ts';
import { encodeRow, encodeTombstone, type Item } from '../../../lambda/stores/dynamodb/item.ts';
import { keyOf } from '../../../lambda/stores/source-write.ts';
import type { Placement } from '../../../lambda/stores/store.ts';
import { beginFillIndex, stepFillIndex } from '../../../lambda/sync/fill-index.ts';
import { sharedEngines } from '../../engines.ts';
import { createFakeTools } from '../../sync/job-fakes.ts';
import { rowWriter } from '../row-writer.ts';

const region = 'eu-west-1';
const { endpoint } = sharedEngines().dynamodb;
const clock = Date.now;

const byNote = { partitionKey: 'T#{tenant}#NOTE#{note}', sortKey: 'ID#{id}', spread: 3, fields: ['rank'] };
/** An order and a parcel lie in one table, and share the index if they have it. */
const thing = (name: string, indexes: Record<string, typeof byNote>): Entity<never> =>
  entity(name, {
    key: ['tenant', 'id'],
    tenant: 'tenant',
    fields: {
      tenant: text(),
      id: integer(),
      note: text().optional(),
      rank: integer().optional(),
      more: text().optional(),
    },
    source: dynamodb({ partitionKey: `T#{tenant}#${name.toUpperCase()}`, sortKey: 'ID#{id}', indexes }),
  }) as never;
const catalogWith = (indexes: Record<string, typeof byNote>): Catalog =>
  compile(model('filled', [thing('order', indexes), thing('parcel', indexes)]));
const [before, after] = [catalogWith({}), catalogWith({ byNote })];

const client = new DynamoDBClient({
  endpoint,
  region,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
afterAll(() => client.destroy());

/** A table as a deployment of before made it, with a store of each deployment. */
async function openTable() {
  const tableName = `filled-${randomUUID()}`;
  await ensureTable({ endpoint, region, tableName, catalog: before });
  const storeOf = (catalog: Catalog) =>
    createDynamodbStore({ endpoint, region, tableName, catalog, clock, segments: 3 });
  const stores = { old: storeOf(before), new: storeOf(after) };
  const items = async (): Promise<readonly Item[]> =>
    (await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }))).Items ?? [];
  return {
    ...{ tableName, stores, items },
    put: (item: Item) => client.send(new PutItemCommand({ TableName: tableName, Item: item })),
    /** What the wave `make` does. */
    makeIndex: async () => {
      const { AttributeDefinitions, GlobalSecondaryIndexes = [] } = renderTable(after, tableName);
      const [made] = GlobalSecondaryIndexes;
      if (made === undefined) throw new TypeError('the model has an index');
      await client.send(
        new UpdateTableCommand({
          TableName: tableName,
          AttributeDefinitions,
          GlobalSecondaryIndexUpdates: [{ Create: made }],
        }),
      );
      const isMade = async (): Promise<boolean> => {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
        return Table?.GlobalSecondaryIndexes?.[0]?.IndexStatus === 'ACTIVE';
      };
      while (!(await isMade())) await new Promise(setImmediate);
    },
    /** Steps of the job, as the function `project` makes them. */
    fill: async () => {
      const tools = createFakeTools({
        catalog: after,
        stores: { sources: { dynamodb: stores.new }, views: {} },
        pace: { rows: () => 10, run: (page) => page() },
      });
      let work = beginFillIndex(after, 'byNote');
      while (work.state.phase !== 'done')
        // As a job is kept between two functions.
        work = JSON.parse(JSON.stringify(await stepFillIndex(tools, work)));
      return { counts: work.state.counts, lines: tools.lines };
    },
    close: async () => {
      for (const store of Object.values(stores)) await store.close();
    },
  };
}
type Table = Awaited<ReturnType<typeof openTable>>;

const source = (catalog: Catalog, name: string): Placement => {
  const found = entityOf(catalog, name);
  return { entity: found, target: found.source };
};
const notes = ['a', 'b#c', 'ü'];

/** What the index answers, of every note. */
async function readIndex({ stores }: Table, name: string): Promise<readonly Row[]> {
  const parts = await Promise.all(
    notes.map((note) =>
      stores.new.read({
        kind: 'slice',
        placement: source(after, name),
        index: 'byNote',
        equal: { tenant: 'acme', note },
        from: undefined,
        to: undefined,
        order: 'ascending',
        limit: undefined,
      }),
    ),
  );
  return parts.flat().map(({ row }) => row);
}

/** What it should answer: the rows of the table that have a note, in the columns that the index holds. */
async function readTable({ stores }: Table, name: string): Promise<readonly Row[]> {
  const placement = source(after, name);
  const rows: Row[] = [];
  let next: string | undefined;
  do {
    const page = await stores.new.readTruth({ placement, of: { kind: 'page', after: next, limit: 1_000 } });
    for (const change of page.changes)
      if (change.kind === 'upsert' && change.row.note !== null) {
        const { tenant, id, note, rank } = change.row;
        rows.push({ tenant: tenant ?? null, id: id ?? null, note: note ?? null, rank: rank ?? null });
      }
    next = page.next;
  } while (next !== undefined);
  return rows;
}

const inOrder = (rows: readonly Row[]): readonly string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();

async function expectFilled(table: Table): Promise<void> {
  for (const name of ['order', 'parcel'])
    expect(inOrder(await readIndex(table, name))).toEqual(inOrder(await readTable(table, name)));
}

const anyRow: fc.Arbitrary<Row> = fc.record({
  tenant: fc.constant('acme'),
  id: fc.integer({ min: 0, max: 40 }),
  note: fc.constantFrom(null, ...notes),
  rank: fc.constantFrom(null, 1, 2),
  more: fc.constantFrom(null, 'more'),
});

describe('an index that is made on a table with items', () => {
  let table: Table;
  beforeAll(async () => {
    table = await openTable();
  });
  afterAll(() => table.close());

  test('answers like the table once it is filled, while writers write', async () => {
    const rows = fc.sample(
      fc.uniqueArray(anyRow, { minLength: 30, maxLength: 40, selector: ({ id }) => id }),
      { numRuns: 1, seed: 5 },
    )[0] as readonly Row[];
    const old = rowWriter(table.stores.old.writer);
    for (const name of ['order', 'parcel'])
      for (const row of rows) await old.insert(entityOf(before, name), [row]);
    const order = entityOf(after, 'order');
    await old.delete(entityOf(before, 'order'), keyOf(order, rows[0] ?? {}));
    await table.makeIndex();
    expect(await readIndex(table, 'order')).toEqual([]);

    const writer = rowWriter(table.stores.new.writer);
    const changes = fc.sample(anyRow, { numRuns: 60, seed: 6 });
    const write = async (some: readonly Row[]) => {
      for (const { id, note, rank } of some)
        await writer.update(
          order,
          { tenant: 'acme', id: id ?? null },
          { note: note ?? null, rank: rank ?? null },
        );
      for (const { id } of some.slice(0, 3)) await writer.delete(order, { tenant: 'acme', id: id ?? null });
    };
    const [filled] = await Promise.all([table.fill(), write(changes.slice(0, 30)), write(changes.slice(30))]);

    expect(filled.counts).toMatchObject({ unfilled: 0 });
    expect(filled.counts.filled).toBeGreaterThan(20);
    await expectFilled(table);
  });

  test('is not written to by a fill that finds it filled', async () => {
    const was = await table.items();

    const { counts } = await table.fill();

    expect(counts).toEqual({ read: was.length, filled: 0, unfilled: 0 });
    expect(await table.items()).toEqual(was);
  });
});

test('a fill gives items what their writer would, and changes nothing else of them, their versions least of all', async () => {
  const table = await openTable();
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRow, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      async (rows, isStale) => {
        const known = entityOf(after, 'order');
        const distinct = [...new Map(rows.map((row) => [row.id, row])).values()];
        // What was written before the index, or with another note that the index still has.
        const earlier = (row: Row, position: bigint): Item => ({
          ...encodeRow(entityOf(before, 'order'), row, position),
          ...(isStale && { byNote_pk: { S: 'T#acme#NOTE#old#0' }, byNote_sk: { S: 'ID#0' } }),
        });
        for (const [at, row] of distinct.entries()) await table.put(earlier(row, BigInt(at)));
        const dead = { ...distinct[0], id: 99 };
        await table.put(encodeTombstone(known, dead, 7n, clock()));

        await table.fill();

        const found = new Map((await table.items()).map((item) => [`${item.sk?.S}`, item]));
        for (const [at, row] of distinct.entries())
          expect(found.get(`ID#${row.id}`)).toEqual(encodeRow(known, row, BigInt(at)));
        expect(found.get('ID#99')).not.toHaveProperty('byNote_pk');
      },
    ),
    { numRuns: 15 },
  );
  await table.close();
});

test('what cannot be in the index is counted and named, and the rest is filled', async () => {
  const table = await openTable();
  const order = entityOf(before, 'order');
  const row = (id: number, note: string): Row => ({ tenant: 'acme', id, note, rank: null, more: null });
  await table.put(encodeRow(order, row(1, 'x'.repeat(2_100)), 1n));
  await table.put({ ...encodeRow(order, row(2, 'a'), 1n), rank: { S: 'no number' } });
  await table.put(encodeRow(order, row(3, 'a'), 1n));

  const { counts, lines } = await table.fill();

  expect(counts).toEqual({ read: 3, filled: 1, unfilled: 2 });
  expect(JSON.stringify(lines)).toMatch(/ID#1.*its keys in the index would have 21\d\d and 4 bytes/);
  expect(JSON.stringify(lines)).toMatch(/ID#2/);
  await table.close();
});
