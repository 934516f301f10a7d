import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createVersion } from '../../../lambda/change/version.ts';
import { columnOf } from '../../../lambda/model/index.ts';
import { bookOf, type Library, openLibrary } from './library.ts';

let library: Library;
beforeAll(async () => {
  library = await openLibrary();
});
afterAll(() => library.store.close());

describe('what is hard to hold', () => {
  test('ids that are too long, and texts that are as long as can be, are found again', async () => {
    const isbn = 'ü'.repeat(400);
    const title = 'ß'.repeat(16_383);
    await library.put({ isbn, title });

    expect(
      await library.store.read({ kind: 'keys', placement: library.books, keys: [{ isbn }] }),
    ).toHaveLength(1);
    const found = await library.store.read({
      kind: 'filter',
      placement: library.books,
      where: [
        { kind: 'compare', column: columnOf(library.books.entity, 'title'), operator: '=', value: title },
      ],
      match: [],
      order: [],
      highlight: [],
      limit: 10,
    });
    expect(found.map(({ row }) => row.isbn)).toEqual([isbn]);
  });

  test('of many writers of one row each version is applied once', async () => {
    const change = (version: number) => ({
      ...bookOf(library.catalog, { isbn: 'hot', pages: version }),
      version: createVersion(0, BigInt(version)),
    });

    const results = await Promise.all(
      Array.from({ length: 60 }, (_, index) => library.store.apply(library.books, [change(1 + (index % 5))])),
    );

    const applied = results.reduce((sum, each) => sum + each.applied, 0);
    expect(applied).toBeGreaterThanOrEqual(1);
    // Each of the five versions at most once, and the highest in any case.
    expect(applied).toBeLessThanOrEqual(5);
    expect(await library.store.versions(library.books, [{ isbn: 'hot' }])).toEqual([createVersion(0, 5n)]);
  });
});
