import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aurora,
  compile,
  days,
  entity,
  integer,
  kafka,
  model,
  month,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { type AuroraStore, applySchema, createAuroraTables } from '../../../lambda/stores/aurora/index.ts';
import type { Tables } from '../../../lambda/stores/tables.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { placementOf, upsert } from '../contract-model.ts';

const catalog = compile(
  model('months', [
    entity('sale', {
      ...{ key: ['tenant', 'id', 'at'], tenant: 'tenant', source: kafka() },
      fields: { tenant: text(), id: text(), at: timestamp(), count: integer().optional() },
      views: {
        table: aurora.table({ partitionBy: month('at'), indexes: [['tenant', 'count']], keep: days(30) }),
        all: aurora.table({ partitionBy: month('at') }),
      },
    }),
  ]),
);
const table = { ...placementOf(catalog, 'sale.table'), build: 1 };
const rowIn = (each: string, id = 'a') => ({
  tenant: 'acme',
  id,
  at: `${each}-20T00:00:00.000000Z`,
  count: 1,
});

describe('months of a view that keeps rows for 30 days', () => {
  let now: number;
  const clock = (): number => now;
  let database: TestDatabase;
  let store: AuroraStore;
  let tables: Tables;
  beforeEach(async () => {
    now = Date.parse('2013-01-15T00:00:00Z');
    database = await createDatabase(catalog, clock);
    store = database.open({ clock });
    tables = createAuroraTables({ connection: database.connection, catalog, clock });
    await apply(['2013-01', '2013-02', '2013-03'], 1);
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
  });
  const apply = (all: readonly string[], position: number) =>
    store.apply(
      placementOf(catalog, 'sale.table'),
      all.map((each) => upsert(table.entity, rowIn(each), position)),
    );
  const there = async (name = 'sale__table'): Promise<readonly unknown[]> =>
    (
      await database.query(
        "select relname from pg_class where relnamespace = 'view'::regnamespace and relkind = 'r' and relname ~ $1 order by 1",
        [`^${name}_\\d`],
      )
    ).map(({ relname }) => String(relname).slice(name.length + 1));
  const due = async () =>
    (await tables.tend(10_000)).due.map(({ view, build, month: each }) => [view, build, each]);
  const migrate = () => applySchema({ connection: database.connection, catalog, allow: [], clock });

  test('are made three ahead of whatever month it is, in every view and build', async () => {
    await store.beginBuild(placementOf(catalog, 'sale.table'));
    now = Date.parse('2013-11-30T23:59:59Z');

    const { missing } = await tables.tend(10_000);

    expect(missing).toEqual([]);
    const ahead = ['2013_11', '2013_12', '2014_01', '2014_02'];
    for (const name of ['sale__table', 'sale__all', 'sale__table__2'])
      expect((await there(name)).filter((each) => ahead.includes(String(each)))).toEqual(ahead);
  });

  test('are told as missing while somebody stands in the way', async () => {
    now = Date.parse('2013-11-30T00:00:00Z');
    const holder = await database.connect();
    await holder.query('begin; lock table view.sale__all in share update exclusive mode');

    const { missing } = await tables.tend(10_000);
    await holder.query('rollback');
    await holder.end();

    expect(missing.map(({ view, month: each }) => `${view} ${each}`)).toEqual(
      ['2013-11', '2013-12', '2014-01', '2014-02'].map((each) => `sale.all ${each}`),
    );
    expect((await tables.tend(10_000)).missing).toEqual([]);
  });

  test('are due an hour after their last row has left the view, and not before', async () => {
    const left = Date.parse('2013-02-01T00:00:00Z') + days(30);
    now = left + 3_600_000 - 1;
    const before = await due();
    now += 1;

    expect(before).toEqual([]);
    expect(await due()).toEqual([['sale.table', 1, '2013-01']]);
    await expect(tables.dropMonth(table, '2013-02')).rejects.toMatchObject({ code: 'internal' });
  });

  test('go, with all that they held, and no change of theirs brings one back', async () => {
    now = Date.parse('2013-03-15T00:00:00Z');
    const page = await tables.scanMonth({ placement: table, month: '2013-01', after: undefined, limit: 10 });

    await tables.dropMonth(table, '2013-01');
    await tables.dropMonth(table, '2013-01');
    const again = await apply(['2013-01'], 2);
    const kept = await apply(['2013-03'], 2);

    expect(page.rows.map(({ row }) => row)).toEqual([rowIn('2013-01')]);
    expect(await there()).not.toContain('2013_01');
    expect(again).toEqual({ applied: 0, stale: 1, rejected: [] });
    expect(kept.applied).toBe(1);
    expect(await due()).toEqual([]);
    expect((await migrate()).statements).toEqual([]);
    expect(await there()).not.toContain('2013_01');
  });

  test('are taken out while others read and write the view, and wait for a transaction that saw them', async () => {
    now = Date.parse('2013-03-15T00:00:00Z');
    const reader = await database.connect();
    await reader.query('begin isolation level repeatable read');
    expect((await reader.query('select from view.sale__table')).rowCount).toBe(3);

    const dropping = tables.dropMonth(table, '2013-01');
    const seen: number[] = [];
    while (seen.at(-1) !== 2) {
      const rows = await database.query('select from view.sale__table');
      seen.push(rows.length);
      expect((await apply(['2013-02'], seen.length + 1)).applied).toBe(1);
    }
    const still = (await there()).includes('2013_01');
    expect((await reader.query('select from view.sale__table')).rowCount).toBe(3);
    await reader.query('commit');
    await reader.end();
    await dropping;

    expect(still).toBe(true);
    expect(await there()).not.toContain('2013_01');
  });

  test('of which a crash interrupted the drop, at either of its two ends, are gone on with, and a migration does not mind', async () => {
    now = Date.parse('2013-04-15T00:00:00Z');
    const reader = await database.connect();
    await reader.query('begin isolation level repeatable read');
    await reader.query('select from view.sale__table');
    const crashing = tables.dropMonth(table, '2013-01').catch((error: unknown) => error);
    while ((await database.query('select from pg_inherits where inhdetachpending')).length === 0);
    await database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%detach partition%' and pid <> pg_backend_pid()",
    );
    const crash = await crashing;
    await reader.query('commit');
    await reader.end();
    // Another was taken out already, and not dropped.
    await database.query(
      `comment on table view.sale__table_2013_02 is 'polystore: past the keep of "view"."sale__table"'`,
    );
    await database.query('alter table view.sale__table detach partition view.sale__table_2013_02');

    const migrated = await migrate();
    const left = await due();
    await tables.dropMonth(table, '2013-01');

    expect(crash).toMatchObject({ code: 'store_unavailable' });
    expect(migrated.statements).toEqual([]);
    expect(left).toEqual([['sale.table', 1, '2013-01']]);
    expect((await there()).filter((each) => String(each) < '2013_03')).toEqual([]);
  });

  test('finish indexes that a migration left', async () => {
    await database.query('drop index view.sale__table_tenant_count_idx');

    expect((await tables.tend(10_000)).indexesLeft).toEqual([]);

    expect(
      await database.query(
        "select indisvalid from pg_index where indexrelid = 'view.sale__table_tenant_count_idx'::regclass",
      ),
    ).toEqual([{ indisvalid: true }]);
  });
});
