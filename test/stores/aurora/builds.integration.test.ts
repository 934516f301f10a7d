import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aurora,
  type Catalog,
  compile,
  entity,
  integer,
  kafka,
  model,
  month,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { type AuroraStore, applySchema } from '../../../lambda/stores/aurora/index.ts';
import type { Caller } from '../../../lambda/stores/store.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { placementOf, upsert } from '../contract-model.ts';

const fields = { tenant: text(), id: text(), at: timestamp(), count: integer().optional() };
/** An entity that callers see by its view, which is partitioned and has rows of tenants. */
const catalogWith = (more: Partial<{ note: ReturnType<typeof text> }>): Catalog =>
  compile(
    model('builds', [
      entity('sale', {
        key: ['tenant', 'id', 'at'],
        tenant: 'tenant',
        fields: { ...fields, ...(more.note === undefined ? {} : { note: more.note.optional() }) },
        source: kafka(),
        views: { table: aurora.table({ partitionBy: month('at'), indexes: [['tenant', 'count']] }) },
      }),
    ]),
  );
const catalog = catalogWith({});
const wider = catalogWith({ note: text() });
const acme: Caller = { kind: 'tenant', tenant: 'acme', subject: 'test' };
const at = '2013-01-01T10:15:00.000000Z';
const rowOf = (tenant: string, id: string, count: number) => ({ tenant, id, at, count });

describe('the builds of a view in Aurora', () => {
  let database: TestDatabase;
  let store: AuroraStore;
  const table = placementOf(catalog, 'sale.table');
  beforeEach(async () => {
    database = await createDatabase(catalog, Date.now);
    store = database.open({ clock: Date.now });
  });
  afterEach(async () => {
    await store.close();
    await database.drop();
  });
  const shown = async (caller: Caller = acme): Promise<readonly unknown[]> =>
    (
      await store.run({
        text: 'select tenant, id, count from sale order by tenant, id',
        params: [],
        caller,
        access: 'read',
        node: 'writer',
        timeoutMs: 10_000,
        maxRows: 1000,
        notBefore: undefined,
        notBeforeVersions: [],
      })
    ).rows;
  const apply = (build: number | undefined, rows: readonly ReturnType<typeof rowOf>[], position: number) =>
    store.apply(
      build === undefined ? table : { ...table, build },
      rows.map((row) => upsert(table.entity, row, position)),
    );

  test('callers see one build or the other while it is switched under them, each tenant its own rows', async () => {
    const ids = ['a', 'b', 'c'];
    await apply(undefined, [...ids.map((id) => rowOf('acme', id, 1)), rowOf('rival', 'z', 1)], 1);
    const built = await store.beginBuild(table);
    await apply(built.build, [...ids.map((id) => rowOf('acme', id, 2)), rowOf('rival', 'z', 2)], 2);
    const seen = new Set<string>();
    let reading = true;
    const readers = [1, 2, 3].map(async () => {
      while (reading) seen.add(JSON.stringify(await shown()));
    });

    await store.activateBuild(built);
    await shown();
    reading = false;
    await Promise.all(readers);

    const of = (count: number) => JSON.stringify(ids.map((id) => ['acme', id, count]));
    expect([...seen].filter((rows) => rows !== of(1) && rows !== of(2))).toEqual([]);
    expect(JSON.stringify(await shown())).toBe(of(2));
    expect(await shown({ kind: 'operator', subject: 'test' })).toHaveLength(4);
  });

  test('a build is as the schema makes a table: partitions, indexes, forced row-level security, rights', async () => {
    const facts = (name: string) =>
      database.query(
        `select c.relrowsecurity, c.relforcerowsecurity, pg_get_partkeydef(c.oid) as partition, c.relacl::text as rights,
           (select count(*)::int from pg_inherits where inhparent = c.oid) as partitions,
           (select array_agg(replace(pg_get_indexdef(i.indexrelid), $1, '…') order by 1) from pg_index i where i.indrelid = c.oid) as indexes,
           (select array_agg(polname || pg_get_expr(polqual, polrelid) order by polname) from pg_policy where polrelid = c.oid) as policies
         from pg_class c where c.oid = ('view.' || $1)::regclass`,
        [name],
      );
    const [active] = await store.builds(table);
    const built = await store.beginBuild(table);
    await apply(undefined, [rowOf('acme', 'a', 3)], 3);

    const names = [active?.number, built.build].map((n) => `sale__table${n === 1 ? '' : `__${n}`}`) as [
      string,
      string,
    ];
    const [before, after] = [(await facts(names[0]))[0], (await facts(names[1]))[0]];

    // Months ahead are made by migrations.
    expect({ ...after, partitions: 0 }).toEqual({ ...before, partitions: 0 });
    expect(after?.partitions).toBeGreaterThan(0);
    await store.dropBuild(built);
  });

  test('a migration brings every build to the model and leaves callers where they are', async () => {
    const built = await store.beginBuild(table);
    await apply(undefined, [rowOf('acme', 'a', 4)], 4);
    const before = await shown();
    const migrated = () =>
      applySchema({ connection: database.connection, catalog: wider, allow: [], clock: Date.now });
    const changed = await migrated();
    const again = await migrated();

    expect(changed.statements.filter((statement) => statement.includes('add column "note"'))).toHaveLength(
      (await store.builds(table)).length,
    );
    expect(again.statements).toEqual([]);
    expect(await shown()).toEqual(before);
    const widerTable = placementOf(wider, 'sale.table');
    await store.apply(widerTable, [
      upsert(widerTable.entity, { ...rowOf('acme', 'a', 5), note: 'noted' }, 5),
    ]);
    const scanned = await store.scan({
      placement: { ...widerTable, build: built.build ?? 0 },
      after: undefined,
      limit: 10,
    });
    expect(scanned.rows.map(({ row }) => row?.note)).toEqual(['noted']);
    await store.activateBuild({ ...widerTable, build: built.build ?? 0 });
    expect(await shown()).toEqual([['acme', 'a', 5]]);

    // A process whose model is older begins one.
    await store.dropBuild({ ...table, build: (await store.builds(table))[0]?.number ?? 0 });
    const byOld = await store.beginBuild(table);
    await store.apply({ ...widerTable, build: byOld.build ?? 0 }, [
      upsert(widerTable.entity, { ...rowOf('acme', 'a', 6), note: 'kept' }, 6),
    ]);
    await store.activateBuild(byOld);
    expect(await shown()).toEqual([['acme', 'a', 6]]);
    expect((await migrated()).statements).toEqual([]);
  });

  test('a view of before tombstones were swept is brought to it by a migration', async () => {
    const old = await createDatabase(catalog, Date.now);
    await old.query('alter table view.sale__table drop column _changed_at');
    await old.query('drop table polystore.view_build, polystore.view_progress');
    const opened = old.open({ clock: Date.now });

    await applySchema({ connection: old.connection, catalog, allow: [], clock: Date.now });

    await opened.apply(table, [upsert(table.entity, rowOf('acme', 'a', 1), 1)]);
    expect(await opened.sweep(table)).toEqual({ swept: 0, more: false });
    expect(await opened.builds(table)).toEqual([{ number: 1, state: 'active' }]);
    await opened.close();
    await old.drop();
  });
});
