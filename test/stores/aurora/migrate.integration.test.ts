import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  aurora,
  bigint,
  type Catalog,
  compile,
  decimal,
  entity,
  type Fields,
  integer,
  kafka,
  model,
  month,
  oneOf,
  redis,
  shared,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { applyReplication, applySchema } from '../../../lambda/stores/aurora/index.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';

const clock = (): number => Date.parse('2013-11-15T00:00:00Z');
const base = { code: text(), name: text(), size: integer().optional(), kind: oneOf('a', 'b') };
const catalogOf = (fields: Fields, options: { readonly log?: boolean } = {}): Catalog =>
  compile(
    model('migrate', [
      entity('port', {
        key: ['code'],
        tenant: shared,
        fields,
        source: aurora({ indexes: 'name' in fields ? [['name']] : [] }),
      }),
      ...(options.log === false
        ? []
        : [
            entity('visit', {
              key: ['code', 'at'],
              tenant: 'code',
              fields: { code: text(), at: timestamp() },
              source: kafka(),
              views: { history: aurora.table({ partitionBy: month('at') }) },
            }),
          ]),
    ]),
  );

describe('the schema of Aurora', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(undefined, clock);
    await migrate(base);
    await database.query("insert into source.port values ('JFK', 'Kennedy', 5, 'a')");
  });
  afterEach(() => database.drop());

  const migrate = (fields: Fields, allow: readonly string[] = [], options = {}) =>
    applySchema({ connection: database.connection, catalog: catalogOf(fields, options), allow, clock });
  const port = async () => (await database.query('select * from entities.port'))[0];

  test('is made once and then left as it is', async () => {
    const before = await fingerprint(database);

    expect(await migrate(base)).toEqual({ statements: [], backfills: [], indexes: { built: [], left: [] } });

    expect(await fingerprint(database)).toEqual(before);
    expect(await port()).toEqual({ code: 'JFK', name: 'Kennedy', size: 5, kind: 'a' });
  });

  test('is made by several at once', async () => {
    await Promise.all([1, 2, 3].map(() => migrate({ ...base, later: text().optional() })));

    expect(await port()).toEqual({ code: 'JFK', name: 'Kennedy', size: 5, kind: 'a', later: null });
  });

  test('takes a new column in any place and keeps the rows', async () => {
    const { code, ...others } = base;

    await migrate({ code, city: text().optional(), ...others });

    expect(await port()).toEqual({ code: 'JFK', city: null, name: 'Kennedy', size: 5, kind: 'a' });
  });

  test('widens types and lifts or changes a rule without being asked', async () => {
    await migrate({
      code: text(),
      name: text().optional(),
      size: bigint().optional(),
      kind: oneOf('a', 'c'),
    });
    await database.query("insert into entities.port values ('LGA', null, 5000000000, 'c')");
    await migrate({ code: text(), name: text().optional(), size: decimal(30, 2).optional(), kind: text() });

    expect(await port()).toEqual({ code: 'JFK', name: 'Kennedy', size: '5.00', kind: 'a' });
  });

  test('holds a text to its bound, in characters, and to another one when that changes', async () => {
    const name = `update entities.port set name = '${'\u{1f6eb}'.repeat(8)}'`;

    await migrate({ ...base, name: text({ maxLength: 7 }) });
    await expect(database.query(name)).rejects.toThrow(/name_canonical/);
    await migrate({ ...base, name: text({ maxLength: 8 }) });
    await database.query(name);
    await expect(migrate({ ...base, name: text({ maxLength: 7 }) })).rejects.toThrow(/name_canonical/);

    expect(await port()).toMatchObject({ name: '\u{1f6eb}'.repeat(8) });
  });

  test('names everything that would lose data and changes nothing', async () => {
    const before = await fingerprint(database);
    const { name: _name, ...others } = base;

    await expect(migrate({ ...others, size: text().optional() }, [], { log: false })).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringMatching(
        /source\.port\.name[\s\S]*source\.port\.size[\s\S]*view\.visit__history/,
      ),
    });

    expect(await fingerprint(database)).toEqual(before);
  });

  test('loses what is allowed by name', async () => {
    const { name: _name, ...others } = base;

    await migrate(
      { ...others, size: text().optional() },
      ['source.port.name', 'source.port.size', 'view.visit__history'],
      {
        log: false,
      },
    );

    expect(await port()).toEqual({ code: 'JFK', size: '5', kind: 'a' });
    expect(await database.query("select to_regclass('view.visit__history') as there")).toEqual([
      { there: null },
    ]);
  });

  test.each([
    ['a mandatory column of rows that exist', { ...base, city: text() }, 'city'],
    ['a rule that a row breaks', { ...base, kind: oneOf('b', 'c') }, 'kind'],
  ])('refuses %s and changes nothing', async (_what, fields: Fields, name) => {
    const before = await fingerprint(database);

    await expect(migrate(fields)).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringContaining(name),
    });

    expect(await fingerprint(database)).toEqual(before);
  });

  test('keeps the values of a column that was renamed, and says how when that was forgotten', async () => {
    const { name: _name, ...others } = base;
    const renamed = { ...others, label: text() };

    await expect(migrate(renamed)).rejects.toMatchObject({
      message: expect.stringMatching(/alter table "source"."port" rename column "name" to "label"/),
    });
    await database.query('alter table source.port rename column name to label');
    await migrate(renamed);

    expect(await port()).toEqual({ code: 'JFK', label: 'Kennedy', size: 5, kind: 'a' });
  });

  test('refuses a column that PostgreSQL works out, which no change would carry', async () => {
    await database.query(
      'alter table source.port add column twice integer generated always as (size * 2) stored',
    );

    await expect(migrate({ ...base, twice: integer().optional() })).rejects.toMatchObject({
      code: 'migration_refused',
      message: expect.stringMatching(/source\.port\.twice is a generated column.*drop expression/),
    });

    await database.query('alter table source.port alter column twice drop expression');
    await migrate({ ...base, twice: integer().optional() });
    expect(await port()).toMatchObject({ twice: 10 });
  });

  test('names the entities whose views hold values in an old form, and no others', async () => {
    const catalog = (fields: Fields): Catalog =>
      compile(
        model('migrate', [
          entity('port', {
            ...{ key: ['code'], tenant: shared, fields, source: aurora({ indexes: [['name']] }) },
            views: { list: redis.hash({ by: ['code'] }) },
          }),
          entity('unseen', {
            ...{ key: ['code'], tenant: shared, fields, source: aurora() },
          }),
        ]),
      );
    const allow = ['view.visit__history'];
    const fill = async (fields: Fields) =>
      (await applySchema({ connection: database.connection, catalog: catalog(fields), allow, clock }))
        .backfills;

    expect(await fill(base)).toEqual([]);
    expect(await fill({ ...base, later: text().optional() })).toEqual([]);
    expect(await fill({ ...base, later: text().optional(), size: bigint().optional() })).toEqual([
      'polystore backfill port',
    ]);
  });

  test('refuses another key, whatever is allowed', async () => {
    const catalog = compile(
      model('migrate', [
        entity('port', { key: ['code', 'name'], tenant: shared, fields: base, source: aurora() }),
      ]),
    );

    await expect(
      applySchema({
        connection: database.connection,
        catalog,
        allow: ['source.port', 'view.visit__history'],
        clock,
      }),
    ).rejects.toMatchObject({ code: 'migration_refused', message: expect.stringContaining('key') });
  });

  test('has partitions for this month and the three after it', async () => {
    const partitions = await database.query(
      "select c.relname from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = 'view.visit__history'::regclass order by 1",
    );

    expect(partitions.map(({ relname }) => relname)).toEqual(
      ['2013_11', '2013_12', '2014_01', '2014_02'].map((name) => `visit__history_${name}`),
    );
  });

  test('publishes source tables and the heartbeat, whole rows, through a slot that survives a promotion', async () => {
    const slot = `s_${randomUUID().replaceAll('-', '')}`;
    const replicate = () =>
      applyReplication({ connection: database.connection, catalog: catalogOf(base), slot, generation: 0 });
    try {
      await replicate();
      await replicate();

      expect(
        await database.query('select schemaname, tablename from pg_publication_tables order by 1'),
      ).toEqual([
        { schemaname: 'polystore', tablename: 'heartbeat' },
        { schemaname: 'source', tablename: 'port' },
      ]);
      expect(
        await database.query("select relreplident from pg_class where oid = 'source.port'::regclass"),
      ).toEqual([{ relreplident: 'f' }]);
      expect(
        await database.query('select failover, plugin from pg_replication_slots where slot_name = $1', [
          slot,
        ]),
      ).toEqual([{ failover: true, plugin: 'pgoutput' }]);
    } finally {
      await database.dropSlot(slot);
    }
  });
});

/** Columns, constraints and policies: what a migration may change. */
const fingerprint = (database: TestDatabase) =>
  database.query(`
    select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull,
      (select json_agg(pg_get_constraintdef(p.oid) order by p.oid) from pg_constraint p where p.conrelid = c.oid) as rules,
      (select json_agg(p.polname order by p.polname) from pg_policy p where p.polrelid = c.oid) as policies
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where n.nspname in ('source', 'view', 'entities') and a.attnum > 0 order by 1, 2, a.attnum`);
