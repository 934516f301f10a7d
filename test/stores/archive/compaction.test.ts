import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change } from '../../../lambda/change/change.ts';
import type { CompactionLimits } from '../../../lambda/stores/archive/compact.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import { itemRow, remove, upsert } from '../contract-model.ts';
import { history, openTestArchive, rowsIn } from './archive-folder.ts';
import { died, endingAt } from './ending-at.ts';

const { entity } = history;
const day = (number: number): string => `2013-01-0${number}T10:15:00.000000Z`;
const row = (number: number, at = day(1)) => itemRow({ number: String(number), at });
/** Whatever has two files is merged. */
const always: CompactionLimits = { maxSmallFiles: 1, smallBytes: 1e9, inputBytes: 1e9 };
const never: CompactionLimits = { ...always, maxSmallFiles: 1e9 };

/** Rows that are replaced and deleted by later files. */
const batches: readonly (readonly Change[])[] = [
  [upsert(entity, row(1), 1), upsert(entity, row(2), 1), upsert(entity, row(3), 1)],
  [upsert(entity, { ...row(1), note: 'newer' }, 2), upsert(entity, row(4), 1)],
  [remove(entity, row(2), 3), remove(entity, row(9), 1)],
  [upsert(entity, row(5, day(2)), 1)],
  [remove(entity, row(5, day(2)), 2), upsert(entity, row(6, day(2)), 1)],
];

const reference = createMemoryStore({ clock: Date.now });
for (const batch of batches) await reference.apply(history, batch);
const expected = await rowsIn(reference);

const tenDaysLater = (): number => Date.parse('2013-02-11T00:00:00Z');

describe.each([
  { when: 'at once', clock: undefined, files: 2 },
  // The day whose only rows are tombstones by then still has one row.
  { when: 'when tombstones may go', clock: tenDaysLater, files: 2 },
])('a compaction that ends at any step, $when', ({ clock, files }) => {
  const options = { compaction: always, ...(clock !== undefined && { clock }) };

  test.each(['forwards', 'backwards'] as const)(
    'loses nothing and brings nothing back, deleting %s',
    async (deletes) => {
      const counting = endingAt(0);
      const whole = openTestArchive();
      await fill(whole.open({ compaction: never }));
      await whole.open({ ...options, wrap: counting.wrap }).compact(history);
      expect(counting.steps()).toBeGreaterThan(10);
      expect(whole.files()).toHaveLength(files);

      for (let step = 1; step <= counting.steps(); step += 1) {
        const archive = openTestArchive();
        await fill(archive.open({ compaction: never }));
        const dying = archive.open({ ...options, wrap: endingAt(step, deletes).wrap });

        await expect(dying.compact(history)).rejects.toMatchObject({ code: 'store_unavailable' });

        const reader = archive.open(options);
        expect({ step, rows: await rowsIn(reader) }).toEqual({ step, rows: expected });
        // Again for the days that were not reached, and for tombstones that hide nothing any more.
        for (const _ of [1, 2, 3]) await reader.compact(history);
        expect({ step, rows: await rowsIn(reader) }).toEqual({ step, rows: expected });
        expect({ step, files: archive.files().length }).toEqual({ step, files });
      }
    },
  );
});

async function fill(store: {
  apply(placement: typeof history, changes: readonly Change[]): Promise<unknown>;
}) {
  for (const batch of batches) await store.apply(history, batch);
}

test('a merge that fails does not fail the batch, and is told of', async () => {
  const archive = openTestArchive();
  await fill(archive.open({ compaction: never }));
  const broken = archive.open({
    compaction: always,
    wrap: (objects) => ({ ...objects, delete: () => Promise.reject(died()) }),
  });

  const result = await broken.apply(history, [upsert(entity, row(7), 1)]);

  expect(result.applied).toBe(1);
  expect(archive.troubles).toEqual([expect.objectContaining({ code: 'store_unavailable' })]);
  expect(await rowsIn(archive.open())).toHaveLength(expected.length + 1);
});

test('a tombstone stays nine days, and as long as there is a row that it hides', async () => {
  const archive = openTestArchive();
  let now = Date.parse('2013-01-01T00:00:00Z');
  const store = archive.open({ compaction: always, clock: () => now });
  const apply = (...changes: readonly Change[]) => store.apply(history, changes);
  const held = async () =>
    (await store.versions(history, [row(1)])).length > 0 && (await store.versions(history, [row(1)]))[0];
  await apply(remove(entity, row(1), 2));

  now += 9 * 86_400_000 - 1;
  await apply(upsert(entity, row(2), 1));
  const onTheNinthDay = await held();
  // Comes from a log that was applied again, with the row that it replaces.
  await archive.open({ compaction: never }).apply(history, [upsert(entity, row(1), 1)]);
  now += 1;
  await apply(upsert(entity, row(3), 1));
  const withTheRow = await held();
  await apply(upsert(entity, row(4), 1));
  const without = await held();

  expect(onTheNinthDay).toBe(2n);
  expect(withTheRow).toBe(2n);
  expect(without).toBeUndefined();
  expect((await rowsIn(store)).map(({ number }) => number)).toEqual(['2', '3', '4']);
});

test('files of a size that is worth it are left as they are', async () => {
  const archive = openTestArchive();
  await fill(archive.open({ compaction: never }));
  const before = archive.files();

  await archive.open({ compaction: { ...always, smallBytes: 1 } }).compact(history);
  expect(archive.files()).toEqual(before);

  await archive.open({ compaction: { ...always, inputBytes: 1 } }).compact(history);
  expect(archive.files()).toEqual(before);
});

test('a merged file has a name above those of its inputs', async () => {
  const archive = openTestArchive();
  const store = archive.open({ compaction: always });
  const seen: string[] = [];

  for (const number of [1, 2, 3, 4]) {
    await store.apply(history, [upsert(entity, row(number), 1)]);
    seen.push(...archive.files());
  }

  expect(seen.map((name) => name.split('/').at(-1)?.slice(0, 6))).toEqual([
    '000000',
    '000001',
    '000002',
    '000003',
  ]);
});

test('the same batch, applied again, replaces its own file', async () => {
  const archive = openTestArchive();
  const store = archive.open({ compaction: never });
  await fill(store);
  const before = archive.files();

  for (const batch of batches) await store.apply(history, batch.toReversed());

  expect(archive.files()).toEqual(before);
});

test('writers, readers and compactors at the same time: what was acknowledged is seen by every later read', async () => {
  const archive = openTestArchive();
  const writers = [1, 2, 3].map(() => archive.open({ compaction: { ...always, maxSmallFiles: 2 } }));
  const compactor = archive.open({ compaction: always });
  const reader = archive.open({ compaction: never });
  const acknowledged = new Set<string>();
  let writing = true;

  const write = async (store: (typeof writers)[number], from: number): Promise<void> => {
    for (let number = from; number < from + 25; number += 1) {
      await store.apply(history, [upsert(entity, row(number), 1)]);
      acknowledged.add(String(number));
    }
  };
  const read = async (): Promise<void> => {
    while (writing) {
      const before = [...acknowledged];
      const found = new Set((await rowsIn(reader)).map(({ number }) => String(number)));
      expect(before.filter((number) => !found.has(number))).toEqual([]);
    }
  };
  const compact = async (): Promise<void> => {
    while (writing) await compactor.compact(history);
  };
  const others = [read(), read(), compact(), compact()];
  await Promise.all(writers.map((store, index) => write(store, index * 100)));
  writing = false;
  await Promise.all(others);

  expect(await rowsIn(reader)).toHaveLength(75);
  expect(archive.troubles).toEqual([]);
});

test('any order, batching and compaction leads to the rows of the reference, also of rows that moved to another day', async () => {
  const change = fc.record({
    number: fc.integer({ min: 1, max: 3 }),
    day: fc.integer({ min: 1, max: 2 }),
    deleted: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 20 }),
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 5 }), compacts: fc.boolean() }), {
        minLength: 20,
        maxLength: 20,
      }),
      fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
      async (parts, cuts, shuffle) => {
        const changes = parts.map(({ number, day: on, deleted }, index) => {
          // A row keeps its day for life; here the key has the time in it.
          const content = { ...row(number, day(on)), note: `version ${index}` };
          return deleted ? remove(entity, content, index + 1) : upsert(entity, content, index + 1);
        });
        const rows = createMemoryStore({ clock: Date.now });
        await rows.apply(history, changes);
        const archive = openTestArchive();
        const [plain, merging] = [archive.open({ compaction: never }), archive.open({ compaction: always })];
        const delivered = [...changes, ...changes]
          .map((each, index) => ({ each, order: shuffle[index] ?? 0 }))
          .sort((a, b) => a.order - b.order)
          .map(({ each }) => each);

        for (const { size, compacts } of cuts) {
          const batch = delivered.splice(0, size);
          if (batch.length > 0) await plain.apply(history, batch);
          if (compacts) await merging.compact(history);
        }
        await plain.apply(history, delivered);

        expect(await rowsIn(merging)).toEqual(await rowsIn(rows));
      },
    ),
    { numRuns: 15 },
  );
});
