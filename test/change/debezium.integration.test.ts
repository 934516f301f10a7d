import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { type Decoded, decodeRecord } from '../../lambda/change/decode.ts';
import { createVersion } from '../../lambda/change/version.ts';
import {
  aurora,
  bigint,
  bytes,
  type Catalog,
  compile,
  decimal,
  entity,
  entityOf,
  type Fields,
  integer,
  model,
  redis,
  shared,
  text,
} from '../../lambda/model/index.ts';
import { applySchema } from '../../lambda/stores/aurora/index.ts';
import { type CapturedDatabase, captureDatabase } from './captured-database.ts';
import { everyFields, everyRow } from './every-type-model.ts';

const clock = (): number => Date.parse('2013-11-15T00:00:00Z');
const generation = 5;
// A name of its own, so that suites can share a broker.
const name = `dbz${Date.now().toString(36)}`;
const portFields = {
  code: text(),
  name: text().optional(),
  size: integer().optional(),
  price: decimal(5, 2).optional(),
  note: text().optional(),
  image: bytes().optional(),
};
/** An entity for each test: they run in any order. `evolving` is the one whose fields change. */
const ports = ['port', 'moving', 'noted', 'bare', 'emptied', 'generated'] as const;
const catalogOf = (fields: Fields): Catalog =>
  compile(
    model(name, [
      entity('every', {
        key: ['owner', 'number'],
        tenant: 'owner',
        fields: everyFields,
        source: aurora(),
        views: { card: redis.hash({ by: ['owner', 'place'] }) },
      }),
      entity('cleared', { key: ['code'], tenant: shared, fields: portFields, source: aurora() }),
      ...ports.map((port) =>
        entity(port, { key: ['code'], tenant: shared, fields: portFields, source: aurora() }),
      ),
      entity('evolving', { key: ['code'], tenant: shared, fields, source: aurora() }),
    ]),
  );
const catalog = catalogOf(portFields);

let database: CapturedDatabase;
beforeAll(async () => {
  database = await captureDatabase(catalog, { clock, generation });
});
afterAll(() => database.close());

/** What the next records of an entity are, in the order of their versions where they have one. */
async function decoded(of: string, count: number, model = catalog): Promise<readonly Decoded[]> {
  const records = await database.next(of, count);
  return records
    .map((record) => decodeRecord(entityOf(model, of), record))
    .sort((left, right) => Number(versionOf(left) - versionOf(right)));
}

const versionOf = (one: Decoded): bigint =>
  one.kind === 'change' ? one.change.version : 'version' in one ? one.version : 0n;

/** Rows as parameters; the driver would write an object's own notation, and drop nothing else. */
async function insertEvery(rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(everyFields);
  for (const row of rows)
    await database.query(
      `insert into source.every (${columns.join(', ')}) values (${columns.map((_, at) => `$${at + 1}`).join(', ')})`,
      columns.map((column) =>
        column === 'extra' && row[column] !== null ? JSON.stringify(row[column]) : row[column],
      ),
    );
}

const large = (seed: number): string =>
  fc
    .sample(fc.string({ unit: 'binary-ascii', minLength: 20_000, maxLength: 20_000 }), {
      numRuns: 1,
      seed,
    })[0]
    ?.replaceAll('\0', 'x') ?? '';

describe('what the real Debezium writes', () => {
  test('is every row of every type, exactly', async () => {
    const rows = fc
      .sample(
        fc.uniqueArray(everyRow, {
          selector: (row) => `${row.owner} ${row.number}`,
          minLength: 40,
          maxLength: 40,
        }),
        { numRuns: 1, seed: 11 },
      )
      .flat();

    await insertEvery(rows);

    const found = await decoded('every', rows.length);
    expect(
      found.map((one) => one.kind === 'change' && one.change.kind === 'upsert' && one.change.row),
    ).toEqual(rows);
    expect(found.every((one) => versionOf(one) >= createVersion(generation, 0n))).toBe(true);
  });

  test('is each change of a row in the order of its versions, and nothing of what was rolled back', async () => {
    await database.query(`
      begin; insert into source.port (code, name) values ('NIL', 'never'); rollback;
      insert into source.port (code, name) values ('JFK', 'Kennedy');
      update source.port set size = 1 where code = 'JFK';
      begin; update source.port set size = 2 where code = 'JFK'; update source.port set size = 3 where code = 'JFK'; commit;
      delete from source.port where code = 'JFK';
      insert into source.port (code, name) values ('JFK', 'again')`);

    const found = await decoded('port', 6);

    expect(found).toMatchObject([
      { change: { kind: 'upsert', row: { name: 'Kennedy', size: null } } },
      { change: { kind: 'upsert', row: { name: 'Kennedy', size: 1 } } },
      { change: { kind: 'upsert', row: { size: 2 } } },
      { change: { kind: 'upsert', row: { size: 3 } } },
      { change: { kind: 'delete', key: { code: 'JFK' }, before: { name: 'Kennedy', size: 3 } } },
      { change: { kind: 'upsert', row: { name: 'again', size: null } } },
    ]);
    expect(new Set(found.map(versionOf)).size).toBe(6);
  });

  test('is a delete and an insert for a changed key, there and back', async () => {
    await database.query("insert into source.moving (code) values ('JFK')");
    await decoded('moving', 1);
    await database.query("update source.moving set code = 'LGA' where code = 'JFK'");
    const there = await decoded('moving', 2);
    await database.query("update source.moving set code = 'JFK' where code = 'LGA'");
    const back = await decoded('moving', 2);

    const said = (found: readonly Decoded[]) =>
      found
        .flatMap((one) => (one.kind === 'change' ? [`${one.change.kind} ${one.change.key.code}`] : []))
        .sort();
    expect(said(there)).toEqual(['delete JFK', 'upsert LGA']);
    expect(said(back)).toEqual(['delete LGA', 'upsert JFK']);
    expect(versionOf(back[0] ?? { kind: 'ignored', reason: '' })).toBeGreaterThan(
      versionOf(there[1] ?? { kind: 'ignored', reason: '' }),
    );
  });

  test('is whole where a large value stays as it was', async () => {
    const note = large(1);
    await database.query("insert into source.noted (code, note) values ('JFK', $1)", [note]);
    await database.query("update source.noted set size = 7 where code = 'JFK'");

    const found = await decoded('noted', 2);

    expect(found).toMatchObject([
      { kind: 'change', change: { row: { note } } },
      { kind: 'change', change: { row: { note, size: 7 } } },
    ]);
  });

  test('is incomplete where somebody took the full replica identity away, and whole again after the migration', async () => {
    const note = large(2);
    const image = `\\x${Buffer.from(large(3)).toString('hex')}`;
    await database.query("insert into source.bare (code, note, image) values ('JFK', $1, $2)", [note, image]);
    await database.query('alter table source.bare replica identity default');
    await database.query("update source.bare set size = 8 where code = 'JFK'");
    await database.query("update source.bare set note = 'small', size = 9 where code = 'JFK'");
    await database.query("update source.bare set image = '\\x00ff', size = 9 where code = 'JFK'");
    await migrate(evolving);
    await database.query("update source.bare set note = $1 where code = 'JFK'", [note]);
    await database.query("update source.bare set size = 10 where code = 'JFK'");

    const found = await decoded('bare', 6);

    expect(found).toMatchObject([
      { kind: 'change', change: { row: { note, image } } },
      { kind: 'incomplete', key: { code: 'JFK' }, reason: expect.stringMatching(/note.*image/) },
      { kind: 'incomplete', key: { code: 'JFK' }, reason: expect.stringContaining('image') },
      { kind: 'change', change: { row: { note: 'small', image: '\\x00ff', size: 9 } } },
      { kind: 'change', change: { row: { note, size: 9 } } },
      { kind: 'change', change: { row: { note, size: 10 } } },
    ]);
  });

  test('is a truncate of each table, above what it removed and below what comes after', async () => {
    await database.query("insert into source.emptied (code) values ('LGA')");
    await database.query('truncate source.emptied, source.cleared');
    await database.query("insert into source.emptied (code) values ('JFK')");

    const [emptied, cleared] = [await decoded('emptied', 3), await decoded('cleared', 1)];

    expect(emptied).toMatchObject([
      { change: { kind: 'upsert', key: { code: 'LGA' } } },
      { kind: 'truncate' },
      { change: { kind: 'upsert', key: { code: 'JFK' } } },
    ]);
    expect(cleared).toMatchObject([{ kind: 'truncate' }]);
  });

  test('leaves a generated column out and the others right', async () => {
    await database.query(
      'alter table source.generated add column twice integer generated always as (size * 2) stored',
    );
    await database.query("insert into source.generated (code, size) values ('JFK', 21)");
    const [found] = await decoded('generated', 1);
    await database.query('alter table source.generated drop column twice');

    expect(found).toMatchObject({ kind: 'change', change: { row: { code: 'JFK', size: 21 } } });
    expect(
      found?.kind === 'change' && found.change.kind === 'upsert' && Object.keys(found.change.row),
    ).toEqual(Object.keys(portFields));
  });

  test('keeps no WAL of a database that writes only what is not captured', async () => {
    await database.query('create table if not exists public.other (n integer)');
    await database.query('insert into public.other select generate_series(1, 1000)');
    const [{ position } = {}] = await database.query('select pg_current_wal_lsn()::text as position');

    await until(async () => {
      const [slot] = await database.query(
        'select confirmed_flush_lsn >= $2::pg_lsn as passed from pg_replication_slots where slot_name = $1',
        [database.slot, position],
      );
      return slot?.passed === true;
    });
  });
});

describe('columns that change while the connector runs', () => {
  const wider = { ...portFields, size: bigint().optional(), price: decimal(30, 4).optional() };
  const added = { ...wider, city: text().optional() };
  const { name: _name, ...others } = added;
  const renamed = { ...others, label: text().optional() };
  const { note: _note, ...dropped } = renamed;
  const steps = [
    { what: 'widened', fields: wider, by: '' },
    { what: 'added', fields: added, by: '' },
    { what: 'renamed', fields: renamed, by: 'alter table source.evolving rename column name to label' },
    { what: 'dropped', fields: dropped, by: '' },
  ] as const;

  test('arrive as the model before and the model after understand them', async () => {
    const code = 'EWR';
    await database.query(
      'insert into source.evolving (code, name, size, price, note) values ($1, $2, 5, 1.5, $3)',
      [code, 'Newark', 'n'],
    );
    expect(await decoded('evolving', 1)).toMatchObject([
      { change: { row: { code, size: 5, price: '1.50' } } },
    ]);

    let before: Fields = portFields;
    for (const { fields, by } of steps) {
      if (by !== '') await database.query(by);
      await migrate(fields, ['source.evolving.note']);
      await database.query('update source.evolving set size = size + 1 where code = $1', [code]);
      const records = await database.next('evolving', 1);

      for (const fieldsOfReader of [before, fields]) {
        const read = records.map((record) =>
          decodeRecord(entityOf(catalogOf(fieldsOfReader), 'evolving'), record),
        );
        expect(read).toMatchObject([{ kind: 'change', change: { kind: 'upsert', key: { code } } }]);
      }
      before = fields;
    }

    await database.query(
      "update source.evolving set size = 9000000000, price = 12345678901234567890.1234, city = 'Newark', label = 'EWR' where code = $1",
      [code],
    );
    const [last] = await decoded('evolving', 1, catalogOf(dropped));
    expect(last).toEqual({
      kind: 'change',
      change: expect.objectContaining({
        kind: 'upsert',
        row: {
          code,
          size: '9000000000',
          price: '12345678901234567890.1234',
          image: null,
          city: 'Newark',
          label: 'EWR',
        },
      }),
    });
  });
});

/** What `evolving` has now: whichever test migrates leaves it so. */
let evolving: Fields = portFields;
async function migrate(fields: Fields, allow: readonly string[] = []): Promise<void> {
  evolving = fields;
  await applySchema({ connection: database.connection, catalog: catalogOf(fields), allow, clock });
}

async function until(met: () => Promise<boolean>): Promise<void> {
  if (await met()) return;
  await sleep(100);
  await until(met);
}
