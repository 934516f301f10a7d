import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { entityOf } from '../../../lambda/model/index.ts';
import type { FilterFragment, VersionedRow } from '../../../lambda/stores/store.ts';
import { remove } from '../contract-model.ts';
import { type Library, openLibrary } from './library.ts';

let library: Library;
beforeAll(async () => {
  library = await openLibrary();
  await library.put(
    {
      isbn: '1',
      title: 'Running an airport: runways, runners and run-ups',
      plain: 'The running of airports',
      exact: 'One-Way Ticket',
      simple: 'gate 12B',
    },
    {
      isbn: '2',
      title: 'The airports of Europe',
      plain: 'An airport',
      exact: 'one-way ticket',
      simple: 'gate',
    },
    { isbn: '3', title: 'Airport airport airport', plain: 'Airport', pages: 10 },
    { isbn: '4', title: `${'far away '.repeat(100)}airport${' and further'.repeat(100)}` },
    { isbn: '5', title: 'Trains <b>&</b> stations' },
    { isbn: '6' },
  );
});
afterAll(() => library.store.close());

const find = (
  column: string,
  words: string,
  options: Partial<Pick<FilterFragment, 'order' | 'highlight' | 'limit' | 'where' | 'match'>> = {},
): Promise<readonly VersionedRow[]> =>
  library.store.read({
    kind: 'filter',
    placement: library.books,
    where: [],
    match: [{ column, words }],
    order: 'score',
    highlight: [],
    limit: 10,
    ...options,
  });
const ids = (rows: readonly VersionedRow[]): readonly unknown[] => rows.map(({ row }) => row.isbn);

describe('words', () => {
  test('are stemmed by the analyzer english, and any of them is enough', async () => {
    expect(new Set(ids(await find('title', 'airport')))).toEqual(new Set(['1', '2', '3', '4']));
    expect(new Set(ids(await find('title', 'train runs')))).toEqual(new Set(['1', '5']));
  });

  test('are what each analyzer makes of a text', async () => {
    expect(ids(await find('plain', 'airport')).toSorted()).toEqual(['2', '3']);
    expect(ids(await find('plain', 'AIRPORTS'))).toEqual(['1']);
    // Whole and case-sensitive.
    expect(ids(await find('exact', 'One-Way'))).toEqual(['1']);
    expect(ids(await find('exact', 'one'))).toEqual([]);
    // Letters only.
    expect(ids(await find('simple', 'b')).toSorted()).toEqual(['1']);
    expect(ids(await find('simple', '12'))).toEqual([]);
  });

  test('that an analyzer drops match nothing', async () => {
    expect(ids(await find('title', 'the of'))).toEqual([]);
    expect(ids(await find('title', ''))).toEqual([]);
  });

  test('rank rows: better matches come first, with their scores', async () => {
    const rows = await find('title', 'airport');

    expect(ids(rows)[0]).toBe('3');
    const scores = rows.map(({ match }) => match?.score ?? 0);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(Math.min(...scores)).toBeGreaterThan(0);
  });

  test('keep their scores where rows are ordered by a column', async () => {
    const order = [
      {
        column: entityOf(library.catalog, 'book').columns.find(({ name }) => name === 'isbn') ?? never(),
        descending: true,
        nullsFirst: false,
      },
    ];

    const rows = await find('title', 'airport', { order });

    expect(ids(rows)).toEqual(['4', '3', '2', '1']);
    expect(rows.every(({ match }) => (match?.score ?? 0) > 0)).toBe(true);
  });

  test('are marked in the passages that hold them, and in no other column', async () => {
    const rows = await find('title', 'airport', { highlight: ['title', 'plain'] });

    const highlights = Object.fromEntries(rows.map(({ row, match }) => [row.isbn, match?.highlights]));
    expect(highlights['2']).toEqual({ title: 'The <em>airports</em> of Europe' });
    expect(highlights['3']).toEqual({ title: '<em>Airport</em> <em>airport</em> <em>airport</em>' });
    // A passage, not the whole text.
    expect(highlights['4']?.title).toContain('<em>airport</em>');
    expect(highlights['4']?.title?.length).toBeLessThan(300);
  });

  test('must all match where several columns are asked for, together with conditions', async () => {
    const pages = entityOf(library.catalog, 'book').columns.find(({ name }) => name === 'pages') ?? never();
    const match = [
      { column: 'title', words: 'airport' },
      { column: 'plain', words: 'airport' },
    ];

    expect(ids(await find('', '', { match })).toSorted()).toEqual(['2', '3']);
    expect(ids(await find('', '', { match, where: [{ kind: 'isNull', column: pages }] }))).toEqual(['2']);
  });

  test('never find what was deleted, nor anything else of it', async () => {
    const books = entityOf(library.catalog, 'book');
    const row = { isbn: 'gone', title: 'zeppelin', plain: 'zeppelin' };
    await library.put(row);
    expect(ids(await find('title', 'zeppelin'))).toEqual(['gone']);

    await library.store.apply(library.books, [remove(books, { ...row }, 2)]);

    expect(ids(await find('title', 'zeppelin'))).toEqual([]);
    const { hits } = await library.ask('POST', `/${library.catalog.name}.book.search/_search`, {
      query: { ids: { values: ['gone'] } },
      version: true,
    });
    expect(hits).toMatchObject({ hits: [{ _version: 2, _source: { '@deleted': expect.any(Number) } }] });
  });

  test.each([
    ['a column that is not searched', () => find('isbn', 'x')],
    ['ranks without words', () => find('', '', { match: [] })],
    ['highlights of a column that is not searched', () => find('title', 'x', { highlight: ['isbn'] })],
  ])('are refused by name: %s', async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringMatching(/book\.search/),
    });
  });
});

const never = (): never => {
  throw new TypeError('the book has no such column');
};
