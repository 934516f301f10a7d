import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change, Row } from '../../../lambda/change/change.ts';
import {
  archive,
  compile,
  day,
  entity,
  integer,
  json,
  kafka,
  model,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { createArchiveStore } from '../../../lambda/stores/archive/client.ts';
import { type Duckdb, openDuckdb } from '../../../lambda/stores/archive/duckdb.ts';
import { createFolderObjects } from '../../../lambda/stores/archive/folder.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import type { Condition } from '../../../lambda/stores/predicate.ts';
import type { AggregateFragment, Placement } from '../../../lambda/stores/store.ts';
import { extremes } from '../contract-cases.ts';
import { itemRow, placementOf, remove, upsert } from '../contract-model.ts';
import {
  allRows,
  byKey,
  column,
  history,
  openTestArchive,
  rowsIn,
  type TestArchive,
} from './archive-folder.ts';

const item = history.entity;
const dayOf = (number: number): string => `2013-01-${String(number).padStart(2, '0')}T10:15:00.000000Z`;

/** Rows at the ends of all types, on three days. */
const rows: readonly Row[] = extremes.map((columns, index) =>
  itemRow({ number: String(index), at: dayOf(1 + (index % 3)), ...columns }),
);
const precise: readonly Row[] = [
  '0.5',
  '-0.5',
  '-7',
  '123456789012345678901234567890',
  '-123456789012345678901234567890',
].map((value, index) =>
  itemRow({
    number: String(100 + index),
    at: dayOf(4),
    precise: `${value.includes('.') ? value : `${value}.`}`.padEnd(
      value.replace(/\..*/, '').length + 31,
      '0',
    ),
    price: `${index - 2}.2500000000`,
  }),
);
const changes: readonly Change[] = [...rows, ...precise].map((row) => upsert(item, row, 1));

async function openBoth() {
  const store = openTestArchive().open();
  const reference = createMemoryStore({ clock: Date.now });
  for (const each of [store, reference]) await each.apply(history, changes);
  return { store, reference };
}

const names = [
  'label',
  'note',
  'place',
  'state',
  'count',
  'large',
  'ratio',
  'price',
  'precise',
  'flag',
  'seen_at',
  'due_on',
  'number',
  'at',
];
const constantOf = (name: string): fc.Arbitrary<Row[string]> => {
  const held = [...rows, ...precise].map((row) => row[name] ?? null);
  const odd = [
    '0.00000000005',
    '-0.00000000005',
    '1e0',
    '99999999999999999999999999999999999999999',
    '-7.0',
  ].filter((value) => !value.includes('e'));
  return name === 'price' || name === 'precise' ? fc.constantFrom(...held, ...odd) : fc.constantFrom(...held);
};
const condition: fc.Arbitrary<Condition> = fc.constantFrom(...names).chain((name) =>
  fc.oneof(
    fc.record({
      kind: fc.constant('compare' as const),
      column: fc.constant(column(name)),
      operator: fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
      value: constantOf(name),
    }),
    fc.record({
      kind: fc.constant('in' as const),
      column: fc.constant(column(name)),
      values: fc.array(constantOf(name), { maxLength: 3 }),
    }),
    fc.constant<Condition>({ kind: 'isNull', column: column(name) }),
  ),
);
const where = fc.array(
  fc.oneof(
    condition,
    condition.map((of): Condition => ({ kind: 'not', of })),
    fc.array(condition, { minLength: 2, maxLength: 3 }).map((of): Condition => ({ kind: 'or', of })),
  ),
  { maxLength: 3 },
);

test('conditions on values at the ends of every type, and constants of any number of digits, decide as in the reference', async () => {
  const { store, reference } = await openBoth();
  const order = fc
    .constantFrom(...names)
    .chain((name) =>
      fc.record({ column: fc.constant(column(name)), descending: fc.boolean(), nullsFirst: fc.boolean() }),
    );

  await fc.assert(
    fc.asyncProperty(where, order, fc.integer({ min: 1, max: 30 }), async (conditions, first, limit) => {
      const fragment = { ...allRows(limit), where: conditions, order: [first, ...byKey] };

      expect(await rowsIn(store, fragment)).toEqual(await rowsIn(reference, fragment));
    }),
    { numRuns: 150 },
  );
});

test('groups and totals of every type are those of the reference', async () => {
  const { store, reference } = await openBoth();
  const groups = [
    ...names.map((name) => ({ as: name, column: column(name), unit: 'value' as const })),
    ...(['hour', 'day', 'month'] as const).flatMap((unit) =>
      ['at', 'seen_at', 'due_on'].map((name) => ({ as: `${name} by ${unit}`, column: column(name), unit })),
    ),
  ];
  const aggregates = [
    { as: 'rows', function: 'count' as const, column: undefined },
    ...[...names, 'image', 'extra'].map((name) => ({
      as: `count of ${name}`,
      function: 'count' as const,
      column: column(name),
    })),
    ...names.flatMap((name) =>
      (['min', 'max'] as const).map((of) => ({ as: `${of} of ${name}`, function: of, column: column(name) })),
    ),
    ...['count', 'large', 'price', 'precise'].map((name) => ({
      as: `sum of ${name}`,
      function: 'sum' as const,
      column: column(name),
    })),
  ];

  await fc.assert(
    fc.asyncProperty(where, fc.subarray(groups, { maxLength: 2 }), async (conditions, chosen) => {
      const fragment: AggregateFragment = {
        placement: history,
        where: conditions,
        match: [],
        groups: chosen,
        aggregates,
        maxGroups: 1000,
      };

      const sorted = (found: readonly Row[]) =>
        found.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
      expect(sorted(await store.aggregate(fragment))).toEqual(sorted(await reference.aggregate(fragment)));
    }),
    { numRuns: 60 },
  );
});

describe('what a read may take', () => {
  let archiveFolder: TestArchive;
  beforeEach(async () => {
    archiveFolder = openTestArchive();
    await archiveFolder.open().apply(history, changes);
  });
  const onOneDay: Condition = { kind: 'compare', column: column('at'), operator: '<', value: dayOf(1) };

  test('more files or bytes than allowed are refused with what would be read', async () => {
    const store = archiveFolder.open({ limits: { maxFiles: 3 } });

    await expect(store.read(allRows())).rejects.toMatchObject({
      code: 'scan_refused',
      message: expect.stringMatching(/would read 4 files of item\.history with \d+ bytes; 3 files/),
      details: { files: 4, maxFiles: 3 },
    });
    await expect(store.read({ ...allRows(), where: [onOneDay] })).resolves.toHaveLength(0);
    await expect(
      archiveFolder.open({ limits: { maxBytes: 10 } }).read({ ...allRows(), where: [onOneDay] }),
    ).rejects.toMatchObject({ code: 'scan_refused' });
  });

  test('more rows or groups than allowed are refused', async () => {
    const store = archiveFolder.open({ limits: { maxRows: 5 } });
    const byNumber = { as: 'number', column: column('number'), unit: 'value' } as const;

    await expect(store.read(allRows(5))).resolves.toHaveLength(5);
    await expect(store.read(allRows(6))).rejects.toMatchObject({ code: 'result_too_large' });
    await expect(
      store.aggregate({
        placement: history,
        where: [],
        match: [],
        groups: [byNumber],
        aggregates: [],
        maxGroups: 5,
      }),
    ).rejects.toMatchObject({ code: 'result_too_large' });
  });

  test.each([
    ['extra', 'json'],
    ['image', 'bytes'],
  ])('nothing of %s, which is %s, is compared, ordered or added up', async (name, type) => {
    const store = archiveFolder.open();
    const kept = column(name);
    const refusal = { code: 'not_supported', message: expect.stringMatching(new RegExp(`${name}.*${type}`)) };

    await expect(
      store.read({ ...allRows(), where: [{ kind: 'compare', column: kept, operator: '=', value: 1 }] }),
    ).rejects.toMatchObject(refusal);
    await expect(
      store.read({ ...allRows(), order: [{ column: kept, descending: false, nullsFirst: false }] }),
    ).rejects.toMatchObject(refusal);
    await expect(
      store.aggregate({
        placement: history,
        where: [],
        match: [],
        groups: [],
        aggregates: [{ as: 'most', function: 'max', column: kept }],
        maxGroups: 5,
      }),
    ).rejects.toMatchObject(refusal);
  });
});

test('a file that somebody else put there is read, and one that is no Parquet is an error that names it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-archive-'));
  const open = () =>
    createArchiveStore({ objects: createFolderObjects(folder), clock: Date.now, onTrouble: () => undefined });
  const first = open();
  try {
    await first.apply(history, changes);
    const name = join(folder, 'item', 'history', 'day=2013-01-04', 'copied.parquet');
    const [own = ''] = (
      await createFolderObjects(folder).list({
        folder: 'item/history/',
        from: '2013-01-04',
        to: '2013-01-04',
      })
    ).map((object) => object.name);
    copyFileSync(join(folder, own), name);
    expect(await rowsIn(first)).toHaveLength(changes.length);

    copyFileSync(import.meta.filename, name);
    await expect(first.read(allRows())).rejects.toMatchObject({
      code: 'store_rejected',
      message: expect.stringMatching(/item\/history\/day=2013-01-04\/copied\.parquet/),
    });
  } finally {
    await first.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A model as it was, and as it is with more columns. */
const note = (fields: Readonly<Record<string, ReturnType<typeof text>>>): Placement =>
  placementOf(
    compile(
      model('notes', [
        entity('note', {
          key: ['noteId'],
          tenant: 'noteId',
          fields: { noteId: text(), at: timestamp().immutable(), ...fields },
          source: kafka(),
          views: { history: archive.parquet({ partitionBy: day('at') }) },
        }),
      ]),
    ),
    'note.history',
  );

test('files that were written before a column was added are read as rows without it', async () => {
  const store = openTestArchive().open();
  const before = note({});
  // The fields of a note differ in their types; what is added is optional.
  const added = { colour: text().optional(), size: integer().optional(), more: json().optional() };
  const after = note(added as unknown as Readonly<Record<string, ReturnType<typeof text>>>);
  const old = { note_id: 'old', at: dayOf(1) };
  await store.apply(before, [upsert(before.entity, old, 1)]);
  const fragment = {
    kind: 'filter',
    placement: after,
    where: [],
    match: [],
    order: [],
    highlight: [],
    limit: 10,
  } as const;
  const asNow = { ...old, colour: null, size: null, more: null };

  expect(await rowsIn(store, fragment)).toEqual([asNow]);

  const fresh = { note_id: 'new', at: dayOf(1), colour: 'red', size: 1, more: { a: 1 } };
  await store.apply(after, [upsert(after.entity, fresh, 1)]);
  expect(await rowsIn(store, fragment)).toEqual(expect.arrayContaining([asNow, fresh]));
});

describe('DuckDB', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'polystore-duckdb-'));
  let duckdb: Duckdb;
  beforeAll(async () => {
    duckdb = await openDuckdb({ scratch, folders: [scratch], memoryMb: 100, threads: 1 });
  });
  afterAll(() => {
    duckdb.close();
    rmSync(scratch, { recursive: true, force: true });
  });
  const ask = (sql: string, timeoutMs = 60_000) => duckdb.read({ sql, values: [], types: [] }, timeoutMs);

  test.each([
    "select * from read_text('/etc/hostname')",
    "copy (select 1) to '/tmp/polystore-escaped.parquet'",
    'install httpfs',
    'load httpfs',
    "attach '/tmp/polystore-escaped.duckdb'",
    'set enable_external_access = true',
  ])('reaches no file but the archive’s, installs nothing and stays that way: %s', async (sql) => {
    await expect(ask(sql)).rejects.toMatchObject({
      message: expect.stringMatching(/disabled|locked|not allowed|cannot/i),
    });
  });

  test('is interrupted when its time is over', async () => {
    await expect(ask('select count(*) from range(1000000000000)', 20)).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
  });

  test('says so when its memory is not enough', async () => {
    await expect(
      ask("select list(repeat('x', 1000) || i) from range(1000000) as numbers(i)"),
    ).rejects.toMatchObject({ code: 'result_too_large' });
  });
});

test('a delete that does not say its day is rejected with the reason, and the rest of the batch is written', async () => {
  const store = openTestArchive().open();
  const placement = note({});
  const row = { note_id: 'one', at: dayOf(1) };
  const lost: Change = {
    ...remove(placement.entity, { ...row, note_id: 'two' }, 2),
    kind: 'delete',
    before: undefined,
  };

  const result = await store.apply(placement, [upsert(placement.entity, row, 1), lost]);

  expect(result).toMatchObject({
    applied: 1,
    rejected: [{ change: lost, reason: expect.stringMatching(/by the day of at/) }],
  });
});
