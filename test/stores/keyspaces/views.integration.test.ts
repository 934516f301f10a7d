import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'cassandra-driver';
import type { Change, Row } from '../../../lambda/change/change.ts';
import { createVersion } from '../../../lambda/change/version.ts';
import type { Catalog } from '../../../lambda/model/index.ts';
import { applyKeyspacesSchema, createKeyspacesStore } from '../../../lambda/stores/keyspaces/index.ts';
import type { Placement } from '../../../lambda/stores/store.ts';
import type { HeldRow, RollupPage } from '../../../lambda/stores/view-store.ts';
import { sharedEngines } from '../../engines.ts';
import { placementOf, remove, upsert } from '../contract-model.ts';
import { aggregateOf } from './readings.ts';
import { hourOf, saleRow, salesCatalog } from './sales.ts';

type Store = ReturnType<typeof createKeyspacesStore>;

/** One sub-bucket, and three, of the same tables. */
const few = salesCatalog('views', 100);
const many = salesCatalog('views', 2500);
const entity = placementOf(many, 'sale.byHour').entity;

let client: Client;
const stores: Store[] = [];
const connection = () => {
  const { host, port } = sharedEngines().cassandra;
  return { host, port, auth: 'none' } as const;
};
beforeAll(async () => {
  const { host, port, datacenter } = sharedEngines().cassandra;
  client = new Client({ contactPoints: [host], protocolOptions: { port }, localDataCenter: datacenter });
  await client.connect();
});
afterAll(async () => {
  await client?.shutdown();
  await Promise.all(stores.map((each) => each.close()));
});

let keyspace: string;
let store: Store;
beforeEach(async () => {
  // Of its own for each test: checks go through whole tables.
  keyspace = `sales_${randomUUID().slice(0, 8)}`;
  await applyKeyspacesSchema({ connection: connection(), keyspace, catalog: many, make: true });
  store = open(many);
});
function open(catalog: Catalog): Store {
  const opened = createKeyspacesStore({ ...connection(), keyspace, catalog, clock: () => 0 });
  stores.push(opened);
  return opened;
}

const rows = (catalog = many): Placement => placementOf(catalog, 'sale.byHour');
const totals = (): Placement => placementOf(many, 'sale.hourly');
const sale = (id: number, at: number, amount: number | null = id): Row =>
  saleRow({ tenant: 'acme', id, hour: at, amount, kind: id % 2 === 0 ? 'web' : 'shop' });

async function put(changes: readonly Change[]): Promise<void> {
  await store.apply(rows(), changes);
  await store.apply(totals(), changes);
}

async function scan(of: Store, placement: Placement): Promise<readonly HeldRow[]> {
  const found: HeldRow[] = [];
  for (let after: string | undefined; ; ) {
    const page = await of.scan({ placement, after, limit: 3 });
    found.push(...page.rows);
    if (page.next === undefined) return found;
    after = page.next;
  }
}

async function check(placement: Placement, repair: boolean): Promise<Omit<RollupPage, 'next' | 'bytes'>> {
  const sum = { compared: 0, different: 0, repaired: 0 };
  for (let after: string | undefined; ; ) {
    const page = await store.checkRollup({ placement, repair, after, limit: 5 });
    sum.compared += page.compared;
    sum.different += page.different;
    sum.repaired += page.repaired;
    if (page.next === undefined) return sum;
    after = page.next;
  }
}

const perHour = (placement: Placement) =>
  store.aggregate(
    aggregateOf(placement, {
      where: [
        {
          kind: 'compare',
          column: entity.columns.find(({ name }) => name === 'tenant') as (typeof entity.columns)[number],
          operator: '=',
          value: 'acme',
        },
        ...(['>=', '<'] as const).map((operator) => ({
          kind: 'compare' as const,
          column: entity.columns.find(({ name }) => name === 'at') as (typeof entity.columns)[number],
          operator,
          value: hourOf(operator === '<' ? 9 : 0),
        })),
      ],
      groups: [
        {
          as: 'hour',
          column: entity.columns.find(({ name }) => name === 'at') as (typeof entity.columns)[number],
          unit: 'hour',
        },
      ],
      aggregates: [{ as: 'sales', function: 'count', column: undefined }],
    }),
  );

describe('scan', () => {
  test('shows the highest version of a row once, wherever it lay before partitions were parted further', async () => {
    const before = open(few);
    const changes = [1, 2, 3, 4, 5, 6, 7].map((id) => upsert(entity, sale(id, 0), 1));
    await before.apply(rows(few), changes);
    await store.apply(rows(), [upsert(entity, sale(2, 0, 22), 2), remove(entity, sale(3, 0), 2)]);

    const found = await scan(store, rows());

    const held = found.map(({ key, version, row }) => `${key.sale_id} ${version} ${row?.amount}`).sort();
    expect(held).toEqual(['s1 1 1', 's2 2 22', 's3 2 undefined', 's4 1 4', 's5 1 5', 's6 1 6', 's7 1 7']);
  });

  test('shows no superseded version that was left behind, not even where a page ends before it', async () => {
    // As a function that was killed before it swept leaves them.
    const insert = (id: number, version: number) =>
      client.execute(
        `INSERT INTO ${keyspace}.sale__by_hour (tenant, at_hour, sub_bucket, at, sale_id, version, kind, amount) VALUES ('acme', ?, 0, ?, ?, ?, 'web', ?)`,
        [hourOf(0).slice(0, 13), hourOf(0), `s${id}`, String(version).padStart(19, '0'), version],
        { prepare: true },
      );
    for (const id of [1, 2]) for (const version of [1, 2, 3, 4, 5]) await insert(id, version);
    const single = open(few);

    const found = await scan(single, rows(few));

    expect(found.map(({ version }) => version)).toEqual([5n, 5n]);
  });
});

describe('repair', () => {
  test('of an equal version leaves no column of the row that was wrong', async () => {
    await store.apply(rows(), [upsert(entity, sale(1, 0, 5), 7)]);

    const result = await store.repair(rows(), [
      { change: upsert(entity, sale(1, 0, null), 7), held: createVersion(0, 7n) },
    ]);

    expect(result).toEqual({ repaired: 1, moved: [] });
    expect((await scan(store, rows()))[0]?.row?.amount).toBeNull();
  });

  test('removes exactly what was compared: a change that came meanwhile is there', async () => {
    const future = createVersion(99, 0n);
    await store.apply(rows(), [{ ...upsert(entity, sale(1, 0), 1), version: future }]);

    await Promise.all([
      store.repair(rows(), [{ change: upsert(entity, sale(1, 0, 5), 5), held: future }]),
      store.apply(rows(), [{ ...upsert(entity, sale(1, 0, 100), 1), version: createVersion(100, 0n) }]),
    ]);

    expect((await scan(store, rows())).map(({ row }) => row?.amount)).toEqual([100]);
  });
});

describe('a row that moved to another partition', () => {
  test('leaves a tombstone in the old one and nothing that a reader sees', async () => {
    await put([upsert(entity, sale(1, 0), 1)]);

    await put([remove(entity, sale(1, 0), 2), upsert(entity, sale(1, 5), 3)]);

    const read = await store.read({ kind: 'keys', placement: rows(), keys: [sale(1, 0), sale(1, 5)] });
    expect(read.map(({ row }) => row.at)).toEqual([hourOf(5)]);
    const held = (await scan(store, rows())).map(({ place, row }) => `${place} ${row === undefined}`).sort();
    expect(held).toEqual([
      `${JSON.stringify(['acme', hourOf(0).slice(0, 13), hourOf(0)])} true`,
      `${JSON.stringify(['acme', hourOf(5).slice(0, 13), hourOf(5)])} false`,
    ]);
    expect(await perHour(totals())).toEqual([{ hour: hourOf(5), sales: '1' }]);
  });
});

describe('a rollup', () => {
  const planted = async (cql: string): Promise<void> => {
    await client.execute(cql.replaceAll('$', `${keyspace}.sale__hourly`));
  };
  const at = `tenant = 'acme' AND month = '2013-01'`;
  const changes = [0, 0, 1, 1, 2].map((at, id) => upsert(entity, sale(id, at), 1));

  test('that holds what its rows add up to has no difference', async () => {
    await put(changes);

    const checked = await check(totals(), true);

    expect(checked).toMatchObject({ different: 0, repaired: 0 });
    expect(checked.compared).toBeGreaterThanOrEqual(3 * 4);
  });

  test('is compared with its rows, also where it says that they are those: wrong, missing and extra totals are found and set right', async () => {
    await put(changes);
    await planted(`UPDATE $ SET row_count = 77 WHERE ${at} AND metric = 'sales' AND hour = '2013-01-31T20'`);
    await planted(`DELETE FROM $ WHERE ${at} AND metric = 'amount' AND hour = '2013-01-31T21'`);
    await planted(
      `INSERT INTO $ (tenant, metric, month, hour, row_count, revision, fingerprint) VALUES ('acme', 'sales', '2013-01', '2013-01-31T23', 5, 1, 'x')`,
    );

    const found = await check(totals(), false);
    const repaired = await check(totals(), true);
    const again = await check(totals(), false);

    // A bucket is met by its rows and by its totals.
    expect(found.different).toBeGreaterThanOrEqual(3);
    expect(found.repaired).toBe(0);
    expect(repaired.repaired).toBe(3);
    expect(again.different).toBe(0);
    const shown = (await perHour(totals())).toSorted((a, b) => (String(a.hour) < String(b.hour) ? -1 : 1));
    expect(shown).toEqual([
      { hour: hourOf(0), sales: '2' },
      { hour: hourOf(1), sales: '2' },
      { hour: hourOf(2), sales: '1' },
    ]);
  });

  test('is built anew from its rows, and gives the same', async () => {
    await put(changes);
    const before = await perHour(totals());
    const build = await store.beginBuild(totals());
    await check(build, true);

    await store.activateBuild(build);
    await store.dropBuild({ ...totals(), build: 1 });
    await put([upsert(entity, sale(9, 3), 1)]);

    const after = await perHour(totals());
    expect(after).toEqual(expect.arrayContaining([...before]));
    expect(after).toHaveLength(before.length + 1);
    const { rows: left } = await client.execute(`SELECT hour FROM ${keyspace}.sale__hourly`);
    expect(left).toEqual([]);
  });

  test('refuses to be asked for rows, and says what to do', async () => {
    await expect(store.scan({ placement: totals(), after: undefined, limit: 1 })).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('checkRollup'),
    });
  });
});

describe('the schema of a view that is built anew', () => {
  test('gets new columns in the tables of both builds', async () => {
    await store.beginBuild(rows());
    const wider: Catalog = {
      ...many,
      wideTables: many.wideTables.map((table) =>
        table.view === 'byHour'
          ? { ...table, columns: [...table.columns, { name: 'colour', type: 'text' as const }] }
          : table,
      ),
    };

    const done = await applyKeyspacesSchema({
      connection: connection(),
      keyspace,
      catalog: wider,
      make: true,
    });

    expect(done).toEqual(['sale__by_hour.colour', 'sale__by_hour__2.colour']);
  });
});
