import { describe, expect, test } from '@jest/globals';
import type { CompactionLimits } from '../../../lambda/stores/archive/compact.ts';
import type { HeldRow, ViewStore } from '../../../lambda/stores/view-store.ts';
import { itemRow, remove, upsert } from '../contract-model.ts';
import { history, openTestArchive, type TestArchive } from './archive-folder.ts';
import { endingAt } from './ending-at.ts';

const { entity } = history;
const never: CompactionLimits = { maxSmallFiles: 1e9, smallBytes: 1e9, inputBytes: 1e9 };
const written = Date.parse('2013-02-01T12:00:00Z');
const dayMs = 86_400_000;
const row = (number: number, day = 1) =>
  itemRow({ number: String(number), at: `2013-01-0${day}T10:15:00.000000Z` });

const open = (archive: TestArchive, daysLater: number, ending?: ReturnType<typeof endingAt>) =>
  archive.open({
    compaction: never,
    clock: () => written + daysLater * dayMs,
    ...(ending !== undefined && { wrap: ending.wrap }),
  });
const heldBy = async (store: ViewStore): Promise<readonly HeldRow[]> =>
  (await store.scan({ placement: history, after: undefined, limit: 1000 })).rows;
const tombstones = (rows: readonly HeldRow[]) => rows.filter((held) => held.row === undefined).length;
const sweepAll = async (store: ViewStore): Promise<number> => {
  let swept = 0;
  for (let more = true; more; ) {
    const page = await store.sweep(history);
    swept += page.swept;
    more = page.more;
  }
  return swept;
};

/** Rows on some days; on each one is deleted, and of one only the tombstone is there. Nobody writes there again. */
async function fill(days = [1, 2, 3, 4, 5, 6]): Promise<TestArchive> {
  const archive = openTestArchive();
  const store = open(archive, 0);
  for (const day of days) {
    await store.apply(history, [upsert(entity, row(1, day), 1), upsert(entity, row(2, day), 1)]);
    await store.apply(history, [remove(entity, row(2, day), 2), remove(entity, row(3, day), 2)]);
  }
  return archive;
}

describe('tombstones of days that nobody writes to any more', () => {
  test('stay for as long as the log can be applied again, and two days more', async () => {
    const store = open(await fill(), 8.9);

    expect(await sweepAll(store)).toBe(0);
    expect(tombstones(await heldBy(store))).toBe(12);
  });

  test('go then, with what they hide, and the rows stay', async () => {
    const archive = await fill();
    const store = open(archive, 10.1);

    expect(await sweepAll(store)).toBe(12);
    expect((await heldBy(store)).map((held) => held.row)).toEqual(
      [1, 2, 3, 4, 5, 6].map((day) => row(1, day)),
    );
    // Nothing is left to do, and nothing is read to find that out.
    const files = archive.files();
    expect(await store.sweep(history)).toEqual({ swept: 0, more: false });
    expect(archive.files()).toEqual(files);
  });

  test('that were written again later stay from then on', async () => {
    const archive = await fill();
    await open(archive, 8).apply(history, [remove(entity, row(3, 1), 2), remove(entity, row(2, 1), 2)]);
    const store = open(archive, 10.1);

    await sweepAll(store);

    expect(tombstones(await heldBy(store))).toBe(2);
    expect(await sweepAll(open(archive, 19))).toBe(2);
  });

  test('of a day with a file of somebody else stay, and those of other days go', async () => {
    const archive = await fill();
    archive.copy(archive.files()[0] ?? '', 'item/history/day=2013-01-01/theirs.parquet');
    const store = open(archive, 10.1);

    expect(await sweepAll(store)).toBe(10);
    expect(tombstones(await heldBy(store))).toBe(2);
  });

  test.each(['forwards', 'backwards'] as const)(
    'go in the end, wherever a sweep that deletes %s stops, and bring no row back',
    async (deletes) => {
      const rowsOf = (rows: readonly HeldRow[]) => rows.flatMap((held) => held.row ?? []);
      const whole = endingAt(Number.POSITIVE_INFINITY);
      const expected = rowsOf(await heldBy(open(await fill([1]), 10.1)));
      await sweepAll(open(await fill([1]), 10.1, whole));
      for (let step = 1; step <= whole.steps(); step += 1) {
        const archive = await fill([1]);
        await sweepAll(open(archive, 10.1, endingAt(step, deletes))).catch(() => undefined);

        const store = open(archive, 10.1);
        expect(rowsOf(await heldBy(store))).toEqual(expected);
        await sweepAll(store);
        expect(rowsOf(await heldBy(store))).toEqual(expected);
        expect(tombstones(await heldBy(store))).toBe(0);
      }
    },
  );
});
