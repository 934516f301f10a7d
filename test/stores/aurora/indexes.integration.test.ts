import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import {
  aurora,
  type Catalog,
  compile,
  entity,
  integer,
  kafka,
  model,
  month,
  oneOf,
  present,
  type TableIndexes,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { type AuroraStore, applySchema } from '../../../lambda/stores/aurora/index.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { placementOf, upsert } from '../contract-model.ts';

const clock = (): number => Date.parse('2013-01-15T00:00:00Z');
const fields = {
  tenant: text(),
  id: text(),
  at: timestamp(),
  count: integer().optional(),
  state: oneOf('new', 'used'),
  note: text().optional(),
};
const catalogWith = (indexes: TableIndexes): Catalog =>
  compile(
    model('indexes', [
      entity('account', { key: ['tenant', 'id'], tenant: 'tenant', fields, source: aurora({ indexes }) }),
      entity('sale', {
        ...{ key: ['tenant', 'id', 'at'], tenant: 'tenant', fields, source: kafka() },
        views: { table: aurora.table({ partitionBy: month('at'), indexes }) },
      }),
    ]),
  );
const covering: TableIndexes = [
  ['tenant', 'count'],
  { on: ['tenant', 'at'], include: ['count'], where: { state: ['new', 'used'], note: present } },
];
const rowAt = (id: number, at: string) => ({
  ...{ tenant: 'acme', id: String(id), at, count: id, state: 'new', note: 'noted' },
});
const months = ['2013-01', '2013-02', '2013-03', '2013-04'];

describe('indexes of tables that are in use', () => {
  let database: TestDatabase;
  let store: AuroraStore;
  const before = catalogWith([]);
  const after = catalogWith(covering);
  const table = placementOf(before, 'sale.table');
  beforeEach(async () => {
    database = await createDatabase(before, clock);
    store = database.open({ clock });
    await store.apply(
      table,
      months.flatMap((each) =>
        Array.from({ length: 50 }, (_, id) =>
          upsert(table.entity, rowAt(id, `${each}-02T00:00:00.000000Z`), 1),
        ),
      ),
    );
    await database.query(
      "insert into source.account select 'acme', n::text, now(), n, 'new', 'noted' from generate_series(1, 200) as n",
    );
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
  });

  const migrate = (catalog: Catalog, buildIndexesForMs?: number) =>
    applySchema({
      ...{ connection: database.connection, catalog, allow: [], clock },
      ...(buildIndexesForMs !== undefined && { buildIndexesForMs }),
    });
  const indexesOf = async (name: string) =>
    (
      await database.query(
        `select indexrelid::regclass::text as name, indisvalid as valid, pg_get_indexdef(indexrelid) as definition
         from pg_index where indrelid = $1::regclass order by 1`,
        [name],
      )
    ).filter((index) => !/pkey|tombstones|_deleted/.test(String(index.definition)));
  /** An open transaction that builds wait for, and nobody else does. */
  const oldSnapshot = async (): Promise<pg.Client> => {
    const client = await database.connect();
    await client.query('begin isolation level repeatable read; select txid_current_snapshot()');
    return client;
  };
  const building = async (): Promise<number> => {
    for (;;) {
      const [found] = await database.query(
        "select pid from pg_stat_progress_create_index where datname = current_database() and phase like 'waiting for%'",
      );
      if (found !== undefined) return Number(found.pid);
      await sleep(20);
    }
  };
  const invalid = () =>
    database.query('select indexrelid::regclass::text as name from pg_index where not indisvalid');

  test('are built as the model says, of each month and of the whole, and once', async () => {
    const changes = await migrate(after);
    const again = await migrate(after);

    expect([...changes.indexes.built].sort()).toEqual(
      ['account_tenant_at', 'account_tenant_count', 'sale__table_tenant_at', 'sale__table_tenant_count'].map(
        (name) => expect.stringContaining(`${name}_`),
      ),
    );
    expect(changes.indexes.left).toEqual([]);
    expect(again.indexes).toEqual({ built: [], left: [] });
    for (const name of ['source.account', 'view.sale__table', ...months.map(partitionOf)]) {
      const found = await indexesOf(name);
      expect(found.map(({ valid }) => valid)).toEqual([true, true]);
      expect(String(found[0]?.definition)).toMatch(
        /\(tenant, at\) INCLUDE \(count\) WHERE .*state = ANY .*note IS NOT NULL/,
      );
      expect(String(found[1]?.definition)).toMatch(/\(tenant, count\)$/);
    }
  });

  test('let rows be written and read while they are built', async () => {
    const holder = await oldSnapshot();
    const migrated = migrate(after);
    const pids = new Set<number>();
    let written = 0;
    for (let id = 1000; id < 1010; id += 1) {
      pids.add(await building());
      await database.query("insert into source.account values ('acme', $1, now(), 1, 'new', 'x')", [
        String(id),
      ]);
      const { applied } = await store.apply(table, [
        upsert(table.entity, rowAt(id, '2013-01-02T00:00:00.000000Z'), 2),
      ]);
      written += applied;
      const rows = await database.query('select from source.account where id = $1', [String(id)]);
      expect(rows).toHaveLength(1);
    }
    const unfinished = await invalid();

    await holder.query('commit');
    await holder.end();
    const { indexes } = await migrated;

    expect(written).toBe(10);
    expect(pids.size).toBe(1);
    expect(unfinished).not.toEqual([]);
    expect(indexes.left).toEqual([]);
    expect(await invalid()).toEqual([]);
  });

  test('that a crash has left are found and built anew, and what was done is gone on with', async () => {
    await migrate(catalogWith([]));
    // The first month is done, the second is in the middle.
    const only = catalogWith([['tenant', 'count']]);
    await database.query(
      'create index sale__table_tenant_count_idx on only view.sale__table (tenant, count)',
    );
    await database.query(
      'create index sale__table_tenant_count_idx_2013_01 on view.sale__table_2013_01 (tenant, count)',
    );
    const done = await oidOf('view.sale__table_tenant_count_idx_2013_01');
    const holder = await oldSnapshot();
    const crashing = migrate(only).catch((error: unknown) => error);
    await database.query('select pg_terminate_backend($1)', [await building()]);
    const crash = await crashing;
    const left = await invalid();
    await holder.query('commit');
    await holder.end();

    const { indexes } = await migrate(only);

    expect(crash).toMatchObject({ code: 'store_unavailable' });
    expect(left.length).toBeGreaterThan(0);
    expect(indexes.left).toEqual([]);
    expect(indexes.built.length).toBeGreaterThan(0);
    expect(await invalid()).toEqual([]);
    expect(await oidOf('view.sale__table_tenant_count_idx_2013_01')).toBe(done);
  });
  const oidOf = async (name: string) =>
    (await database.query('select $1::regclass::oid as oid', [name]))[0]?.oid;

  test('are built to their end by PostgreSQL when the time is up, and the next run goes on', async () => {
    const holder = await oldSnapshot();

    const first = await migrate(after, 1_500);
    const second = await migrate(after, 300);
    await holder.query('commit');
    await holder.end();
    const third = await migrate(after);

    expect(first.indexes.built).toEqual([]);
    expect(first.indexes.left).toHaveLength(4);
    // The first build is still at it.
    expect(second.indexes.left).toHaveLength(4);
    expect(third.indexes.left).toEqual([]);
    expect(third.indexes.built.length).toBeLessThanOrEqual(4);
    expect(await invalid()).toEqual([]);
  });

  test('of a month that is made meanwhile, and after, are there from the start', async () => {
    const holder = await oldSnapshot();
    const migrated = migrate(after);
    await building();
    await store.apply(table, [upsert(table.entity, rowAt(1, '2012-05-02T00:00:00.000000Z'), 1)]);
    await holder.query('commit');
    await holder.end();
    await migrated;
    await store.apply(table, [upsert(table.entity, rowAt(1, '2012-06-02T00:00:00.000000Z'), 1)]);

    expect(await invalid()).toEqual([]);
    for (const each of ['2012-05', '2012-06']) expect(await indexesOf(partitionOf(each))).toHaveLength(2);
  });

  test('are built by one of several that want to', async () => {
    const all = await Promise.all([1, 2, 3].map(() => migrate(after)));

    expect(all.flatMap(({ indexes }) => indexes.left)).toEqual([]);
    expect(await invalid()).toEqual([]);
    expect(await indexesOf('view.sale__table')).toHaveLength(2);
  });

  test('of a whole that lost a month before it was done are made anew', async () => {
    await database.query(
      'create index sale__table_tenant_count_idx on only view.sale__table (tenant, count)',
    );
    for (const each of ['01', '02', '03']) {
      const part = `sale__table_tenant_count_idx_2013_${each}`;
      await database.query(`create index ${part} on view.sale__table_2013_${each} (tenant, count)`);
      await database.query(`alter index view.sale__table_tenant_count_idx attach partition view.${part}`);
    }
    await database.query('drop table view.sale__table_2013_04');

    await migrate(after);

    expect(await invalid()).toEqual([]);
  });

  test('that rows do not fit into are refused by name, and writes are as before', async () => {
    await database.query(
      "insert into source.account select 'acme', 'long', now(), 1, 'new', string_agg(md5(n::text), '') from generate_series(1, 1000) as n",
    );

    await expect(migrate(catalogWith([['note']]))).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringMatching(/The index account_note_idx \("note"\) cannot be built.*Mend the rows/),
    });

    expect((await indexesOf('source.account')).map(({ name }) => name)).toEqual([]);
  });
});

const partitionOf = (each: string): string => `view.sale__table_${each.replace('-', '_')}`;
