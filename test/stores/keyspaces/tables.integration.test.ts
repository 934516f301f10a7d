import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, type types } from 'cassandra-driver';
import fc from 'fast-check';
import type { Row } from '../../../lambda/change/change.ts';
import { type Catalog, type WideTable, wideColumns } from '../../../lambda/model/index.ts';
import { openSession } from '../../../lambda/stores/keyspaces/connection.ts';
import { applyKeyspacesSchema, createKeyspacesStore } from '../../../lambda/stores/keyspaces/index.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import type { Placement, SliceFragment, Store } from '../../../lambda/stores/store.ts';
import { sharedEngines } from '../../engines.ts';
import { keyOfRow, placementOf, remove, upsert } from '../contract-model.ts';
import { hourOf, saleRow, salesCatalog } from './sales.ts';

const keyspace = 'tables';
/** One sub-bucket, and three, of the same tables. */
const few = salesCatalog('tables', 100);
const many = salesCatalog('tables', 2500);
const rowsOf = (catalog: Catalog): Placement => placementOf(catalog, 'sale.byHour');
const { entity } = rowsOf(many);

let client: Client;
const stores: Store[] = [];
const connection = () => {
  const { host, port } = sharedEngines().cassandra;
  return { host, port, auth: 'none' } as const;
};
const open = (catalog: Catalog, parts: { readonly keyspace?: string } = {}): Store => {
  const store = createKeyspacesStore({ ...connection(), keyspace, catalog, clock: () => 0, ...parts });
  stores.push(store);
  return store;
};
let store: Store;
beforeAll(async () => {
  const { host, port, datacenter } = sharedEngines().cassandra;
  await applyKeyspacesSchema({ connection: connection(), keyspace, catalog: many, make: true });
  client = new Client({ contactPoints: [host], protocolOptions: { port }, localDataCenter: datacenter });
  await client.connect();
  store = open(many);
});
afterAll(async () => {
  await client?.shutdown();
  await Promise.all(stores.map((each) => each.close()));
});

const fresh = (): string => `t-${randomUUID()}`;
/** What lies there of a tenant's first hour, all versions and all sub-buckets. */
async function held(tenant: string): Promise<readonly types.Row[]> {
  const rows: types.Row[] = [];
  for (const bucket of [0, 1, 2]) {
    const { rows: found } = await client.execute(
      `SELECT sub_bucket, sale_id, version, deleted, TTL(deleted) AS ttl FROM ${keyspace}.sale__by_hour WHERE tenant = ? AND at_hour = ? AND sub_bucket = ?`,
      [tenant, hourOf(0).slice(0, 13), bucket],
      { prepare: true },
    );
    rows.push(...found);
  }
  return rows;
}
const versionsOf = (rows: readonly types.Row[]): readonly number[] => rows.map((row) => Number(row.version));
const seen = (from: Store, catalog: Catalog, row: Row) =>
  from.read({
    kind: 'keys',
    placement: rowsOf(catalog),
    keys: [{ ...keyOfRow(entity, row), at: row.at ?? null }],
  });

describe('superseded rows', () => {
  const one = (tenant: string, amount = 0): Row => saleRow({ tenant, id: 1, hour: 0, amount });

  test('are gone when an update has been applied', async () => {
    const tenant = fresh();

    for (const version of [1, 2, 3])
      await store.apply(rowsOf(many), [upsert(entity, one(tenant, version), version)]);

    expect(versionsOf(await held(tenant))).toEqual([3]);
  });

  test('are gone when they come late, even under a tombstone that will expire before them', async () => {
    const tenant = fresh();

    await store.apply(rowsOf(many), [remove(entity, one(tenant), 2)]);
    await store.apply(rowsOf(many), [upsert(entity, one(tenant), 1)]);

    const left = await held(tenant);
    expect(versionsOf(left)).toEqual([2]);
    expect(left[0]?.deleted).toBe(true);
  });

  test('are gone when many apply all versions at once, in any order', async () => {
    const tenant = fresh();
    const changes = Array.from({ length: 12 }, (_, index) => upsert(entity, one(tenant, index), index + 1));

    await Promise.all(changes.map((change) => store.apply(rowsOf(many), [change])));

    expect(versionsOf(await held(tenant))).toEqual([12]);
  });

  test('a tombstone leaves by itself after nine days', async () => {
    const tenant = fresh();

    await store.apply(rowsOf(many), [remove(entity, one(tenant), 1)]);

    const [tombstone] = await held(tenant);
    expect(tombstone?.ttl).toBeGreaterThan(9 * 86_400 - 600);
    expect(tombstone?.ttl).toBeLessThanOrEqual(9 * 86_400);
  });
});

describe('a partition that is parted further', () => {
  const count = 12;
  const rows = (tenant: string, amount: number): readonly Row[] =>
    Array.from({ length: count }, (_, id) => saleRow({ tenant, id, hour: 0, minute: id, amount }));

  test('shows the newest of a row that lies in an old and a new part, and sweeps the old one', async () => {
    const tenant = fresh();
    await open(few).apply(
      rowsOf(few),
      rows(tenant, 1).map((row) => upsert(entity, row, 1)),
    );

    const before = await store.read(slice(tenant));
    await store.apply(
      rowsOf(many),
      rows(tenant, 2).map((row) => upsert(entity, row, 2)),
    );
    const after = await store.read(slice(tenant));

    expect(before.map(({ row }) => row.amount)).toEqual(Array(count).fill(1));
    expect(after.map(({ row }) => row.amount)).toEqual(Array(count).fill(2));
    const left = await held(tenant);
    expect(versionsOf(left)).toEqual(Array(count).fill(2));
    expect(new Set(left.map((row) => row.sub_bucket)).size).toBeGreaterThan(1);
  });

  test('lets no row come back that was deleted after', async () => {
    const tenant = fresh();
    const [row = {}] = rows(tenant, 1);
    await open(few).apply(
      rowsOf(few),
      rows(tenant, 1).map((each) => upsert(entity, each, 1)),
    );

    await store.apply(
      rowsOf(many),
      rows(tenant, 1).map((each) => remove(entity, each, 2)),
    );

    expect(await seen(store, many, row)).toEqual([]);
    // Tombstones alone: when they leave, nothing lies under them.
    expect((await held(tenant)).map((each) => each.deleted)).toEqual(Array(count).fill(true));
  });
});

const slice = (tenant: string, parts: Partial<SliceFragment> = {}): SliceFragment => ({
  kind: 'slice',
  placement: rowsOf(many),
  index: undefined,
  equal: { tenant, at: hourOf(0) },
  from: undefined,
  to: undefined,
  order: 'descending',
  limit: undefined,
  ...parts,
});

describe('slices', () => {
  test('are those of the reference over several parts and pages, with rows that tie and rows that are hidden', async () => {
    const tenant = fresh();
    const reference = createMemoryStore({ clock: () => 0 });
    // Three rows a minute; of most minutes all are deleted, so that short pages hold nothing to show.
    const rows = Array.from({ length: 180 }, (_, id) => saleRow({ tenant, id, hour: 0, minute: id % 60 }));
    const changes = rows.flatMap((row, id) => [
      upsert(entity, row, 1),
      ...(id % 60 >= 5 && id % 60 < 50 ? [remove(entity, row, 2)] : []),
    ]);
    for (const each of [store, reference]) await each.apply(rowsOf(many), changes);
    const minute = fc.option(fc.integer({ min: 0, max: 59 }), { nil: undefined });

    await fc.assert(
      fc.asyncProperty(
        fc.record({
          from: minute,
          to: minute,
          order: fc.constantFrom('ascending' as const, 'descending' as const),
          limit: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
        }),
        async ({ from, to, order, limit }) => {
          const fragment = slice(tenant, {
            from: from === undefined ? undefined : hourOf(0, from),
            to: to === undefined ? undefined : hourOf(0, to),
            order,
            limit,
          });

          const found = await store.read(fragment);

          expect(found.map(({ row }) => row.sale_id)).toEqual(
            (await reference.read(fragment)).map(({ row }) => row.sale_id),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('take columns beyond their location, pushed down or not', async () => {
    const tenant = fresh();
    const reference = createMemoryStore({ clock: () => 0 });
    const rows = Array.from({ length: 30 }, (_, id) =>
      saleRow({ tenant, id, hour: 0, kind: id % 3 === 0 ? 'shop' : 'web' }),
    );
    for (const each of [store, reference])
      await each.apply(
        rowsOf(many),
        rows.map((row) => upsert(entity, row, 1)),
      );

    for (const extra of [{ kind: 'shop' }, { sale_id: 's7' }, { sale_id: 's7', kind: 'shop' }]) {
      const fragment = slice(tenant, { equal: { tenant, at: hourOf(0), ...extra }, limit: 4 });
      expect(await store.read(fragment)).toEqual(await reference.read(fragment));
    }
  });
});

describe('what the guard refuses', () => {
  test('never reaches an engine that would have taken it', async () => {
    const session = await openSession(connection());
    const table = `${keyspace}.sale__by_hour`;
    try {
      await expect(session.define(`CREATE INDEX ON ${table} (amount)`)).rejects.toThrow(/a secondary index/);
      await expect(session.define(`TRUNCATE ${table}`)).rejects.toThrow(/TRUNCATE/);
      await expect(
        session.read(
          { cql: `SELECT * FROM ${table} WHERE amount = 1 ALLOW FILTERING`, params: [] },
          { size: 1 },
        ),
      ).rejects.toThrow(/ALLOW FILTERING/);
      const statement = { cql: `DELETE FROM ${table} WHERE tenant = 'a'`, params: [] };
      await expect(session.write(Array(31).fill(statement))).rejects.toThrow(/at most 30/);
    } finally {
      await session.close();
    }
  });

  test('what the engine refuses is store_rejected, with what it said', async () => {
    const elsewhere = open(many, { keyspace: 'nowhere' });

    await expect(elsewhere.read(slice('a'))).rejects.toMatchObject({
      code: 'store_rejected',
      retryable: false,
      message: expect.stringContaining('nowhere'),
    });
  });
});

describe('the schema', () => {
  const [byHour, hourly, known] = many.wideTables;
  if (byHour === undefined || hourly === undefined || known === undefined)
    throw new TypeError('the sales have two tables, and one of what is known of them');

  const options = (tables: readonly WideTable[], name: string, make = true) => ({
    connection: connection(),
    keyspace: name,
    catalog: { ...many, wideTables: [...tables, known] },
    make,
  });
  test('is made once, and an added column is added', async () => {
    const wider = { ...byHour, columns: [...byHour.columns, { name: 'note', type: 'text' } as const] };

    const made = await applyKeyspacesSchema(options([byHour, hourly], 'schema_made'));
    const again = await applyKeyspacesSchema(options([byHour, hourly], 'schema_made'));
    const widened = await applyKeyspacesSchema(options([wider, hourly], 'schema_made'));

    expect(made).toEqual(['sale__by_hour', 'sale__hourly', 'view_state']);
    expect(again).toEqual([]);
    expect(widened).toEqual(['sale__by_hour.note']);
    expect(await applyKeyspacesSchema(options([byHour], 'schema_made', false))).toEqual([]);
  });

  test('refuses a table of another key or type, and says the difference', async () => {
    const other: WideTable = {
      ...byHour,
      clustering: byHour.clustering.map((column) => ({
        ...column,
        descending: column.name === wideColumns.version,
      })),
      columns: byHour.columns.map((column) =>
        column.name === 'amount' ? { ...column, type: 'bigint' } : column,
      ),
    };
    await applyKeyspacesSchema(options([byHour], 'schema_other'));

    const applied = applyKeyspacesSchema(options([other], 'schema_other'));

    await expect(applied).rejects.toMatchObject({ code: 'migration_refused' });
    await expect(applied).rejects.toThrow(
      /clustering of sale__by_hour is \(at text descending, .*wants \(at text, .*sale__by_hour.amount is a regular column of type int and the model wants bigint/,
    );
  });

  test('makes nothing where CloudFormation does, and names what is missing', async () => {
    await expect(applyKeyspacesSchema(options([byHour, hourly], 'schema_absent', false))).rejects.toThrow(
      /lacks sale__by_hour, sale__hourly, view_state\. CloudFormation makes its tables/,
    );
  });
});
