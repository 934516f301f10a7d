import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Row, Value } from '../../../lambda/change/change.ts';
import { type Comparison, columnOf } from '../../../lambda/model/index.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import type { Condition } from '../../../lambda/stores/predicate.ts';
import type { AggregateFragment, AggregateStore, FilterFragment } from '../../../lambda/stores/store.ts';
import { bookOf, type Library, openLibrary } from './library.ts';

const memory = createMemoryStore({ clock: Date.now });
const operators: readonly Comparison[] = ['=', '<>', '<', '<=', '>', '>='];

/** Every value that is at an end of its type, close to another, or absent. */
const values: Readonly<Record<string, readonly Value[]>> = {
  title: ['', 'a', 'A', 'ä', '\u{10FFFF}', '\uFFFD', 'a '],
  pages: [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1],
  sold: ['-9223372036854775808', '-1', '0', '9007199254740992', '9007199254740993', '9223372036854775807'],
  price: ['-999999999999999999.99', '-0.01', '0.00', '0.01', '10.00', '9.00', '999999999999999999.99'],
  weight: [-1.7976931348623157e308, -5e-324, 0, 5e-324, 0.1, 2 ** 60, 1.7976931348623157e308],
  in_print: [true, false],
  printed_at: [
    '0001-01-01T00:00:00.000000Z',
    '1969-12-31T23:59:59.999999Z',
    '1970-01-01T00:00:00.000000Z',
    '2013-03-31T00:59:59.999999Z',
    '2013-03-31T01:00:00.000001Z',
    '9999-12-31T23:59:59.999999Z',
  ],
  born_on: ['0001-01-01', '2012-02-29', '2013-03-01', '9999-12-31'],
};
/** Decimals that no row can have. */
const strange = [
  '0.005',
  '-0.005',
  '10',
  '9.999',
  '1000000000000000000',
  '-1000000000000000000.5',
  '00010.000',
];

let library: Library;
const rows: Row[] = [];
beforeAll(async () => {
  // Few rows and groups an answer, so that most questions take several, on a snapshot.
  library = await openLibrary({ pageRows: 3 });
  const longest = Math.max(...Object.values(values).map((each) => each.length));
  for (let index = 0; index <= longest; index += 1)
    rows.push({
      isbn: `book ${index}`,
      notes: { index },
      ...Object.fromEntries(Object.entries(values).map(([name, each]) => [name, each[index] ?? null])),
    });
  // Groups of more than one row.
  rows.push({
    isbn: 'again',
    title: 'a',
    pages: 1,
    sold: '9007199254740993',
    price: '10.00',
    in_print: true,
  });
  await library.put(...rows);
  await memory.apply(
    library.books,
    rows.map((row) => bookOf(library.catalog, row)),
  );
});
afterAll(() => library.store.close());

const column = (name: string) => columnOf(library.books.entity, name);

async function both<T>(ask: (store: AggregateStore) => Promise<T>): Promise<readonly [T, T]> {
  return [await ask(library.store), await ask(memory)];
}

const filter = (
  where: readonly Condition[],
  order: FilterFragment['order'] = [],
  limit = 1000,
): FilterFragment => ({
  kind: 'filter',
  placement: library.books,
  where,
  match: [],
  order,
  highlight: [],
  limit,
});
const idsOf = async (store: AggregateStore, fragment: FilterFragment): Promise<readonly unknown[]> =>
  (await store.read(fragment)).map(({ row }) => row.isbn);

describe('conditions', () => {
  test.each(Object.keys(values))('compare every %s with every other as the reference does', async (name) => {
    const constants = [...(values[name] ?? []), ...(name === 'price' ? strange : []), null];
    for (const value of constants) {
      for (const operator of operators) {
        const condition: Condition = { kind: 'compare', column: column(name), operator, value };
        for (const where of [condition, { kind: 'not', of: condition } as const]) {
          const [found, expected] = await both((store) => idsOf(store, filter([where])));
          expect({ value, operator, kind: where.kind, ids: found.toSorted() }).toEqual({
            value,
            operator,
            kind: where.kind,
            ids: expected.toSorted(),
          });
        }
      }
      for (const listed of [[value], [value, null], [value, value], []]) {
        const where: Condition = { kind: 'in', column: column(name), values: listed };
        for (const each of [where, { kind: 'not', of: where } as const]) {
          const [found, expected] = await both((store) => idsOf(store, filter([each])));
          expect({ listed, kind: each.kind, ids: found.toSorted() }).toEqual({
            listed,
            kind: each.kind,
            ids: expected.toSorted(),
          });
        }
      }
    }
  });

  test('without any part are true or false as the reference says', async () => {
    for (const kind of ['and', 'or'] as const) {
      const empty: Condition = { kind, of: [] };
      for (const where of [empty, { kind: 'not', of: empty } as const]) {
        const [found, expected] = await both((store) => idsOf(store, filter([where])));
        expect(found.length).toBe(expected.length);
      }
    }
  });
});

describe('orders', () => {
  test.each(Object.keys(values))('by %s are the reference’s, page by page', async (name) => {
    for (const descending of [false, true]) {
      for (const nullsFirst of [false, true]) {
        for (const limit of [2, 3, 7, 1000]) {
          const order = [
            { column: column(name), descending, nullsFirst },
            { column: column('isbn'), descending: false, nullsFirst: false },
          ];
          const [found, expected] = await both((store) => idsOf(store, filter([], order, limit)));
          expect({ descending, nullsFirst, limit, ids: found }).toEqual({
            descending,
            nullsFirst,
            limit,
            ids: expected,
          });
        }
      }
    }
  });
});

describe('groups', () => {
  const ask = (over: Partial<AggregateFragment>): AggregateFragment => ({
    placement: library.books,
    where: [],
    match: [],
    groups: [],
    aggregates: [{ as: 'rows', function: 'count', column: undefined }],
    maxGroups: 1000,
    ...over,
  });
  const sorted = (found: readonly Row[]) => found.map((row) => JSON.stringify(row)).toSorted();

  test.each(Object.keys(values))(
    'by %s are the reference’s, with the least and the most of every column',
    async (name) => {
      const aggregates = Object.keys(values)
        .filter((each) => each !== 'in_print')
        .flatMap((each) =>
          (['count', 'min', 'max'] as const).map((of) => ({
            as: `${of} ${each}`,
            function: of,
            column: column(each),
          })),
        );
      const [found, expected] = await both((store) =>
        store.aggregate(ask({ groups: [{ as: 'g', column: column(name), unit: 'value' }], aggregates })),
      );

      expect(sorted(found)).toEqual(sorted(expected));
    },
  );

  test.each(['hour', 'day', 'month'] as const)('by the %s are the reference’s, in any year', async (unit) => {
    for (const name of ['printed_at', 'born_on']) {
      const [found, expected] = await both((store) =>
        store.aggregate(ask({ groups: [{ as: 'g', column: column(name), unit }] })),
      );
      expect(sorted(found)).toEqual(sorted(expected));
    }
  });

  test('are as many as are asked for, or result_too_large', async () => {
    const groups = [{ as: 'isbn', column: column('isbn'), unit: 'value' as const }];

    expect(await library.store.aggregate(ask({ groups, maxGroups: rows.length }))).toHaveLength(rows.length);
    await expect(library.store.aggregate(ask({ groups, maxGroups: rows.length - 1 }))).rejects.toMatchObject({
      code: 'result_too_large',
    });
  });

  test('sum whole numbers where that is exact, and say why where it is not', async () => {
    const sumOf = (name: string, where: readonly Condition[] = []) =>
      library.store.aggregate(
        ask({ where, aggregates: [{ as: 's', function: 'sum', column: column(name) }] }),
      );
    const small: Condition = { kind: 'in', column: column('sold'), values: ['-1', '0'] };

    expect(await sumOf('pages')).toEqual([{ s: '0' }]);
    expect(await sumOf('sold', [small])).toEqual([{ s: '-1' }]);
    expect(await sumOf('pages', [{ kind: 'isNull', column: column('pages') }])).toEqual([{ s: null }]);
    await expect(sumOf('sold')).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('2^53'),
    });
    for (const name of ['price', 'weight'])
      await expect(sumOf(name)).rejects.toMatchObject({
        code: 'not_supported',
        message: expect.stringContaining(name),
      });
  });
});

describe('what cannot be asked exactly', () => {
  test.each([
    ['a condition on JSON', () => library.store.read(filter([{ kind: 'isNull', column: column('notes') }]))],
    [
      'an order by JSON',
      () =>
        library.store.read(filter([], [{ column: column('notes'), descending: false, nullsFirst: false }])),
    ],
    [
      'a list of more values than OpenSearch takes',
      () =>
        library.store.read(
          filter([
            {
              kind: 'in',
              column: column('pages'),
              values: Array.from({ length: 65_537 }, (_, index) => index),
            },
          ]),
        ),
    ],
    [
      'a slice, for there are no partitions',
      () =>
        library.store.read({
          kind: 'slice',
          placement: library.books,
          index: undefined,
          equal: {},
          from: undefined,
          to: undefined,
          order: 'ascending',
          limit: 1,
        }),
    ],
  ])('is refused by name: %s', async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('book.search'),
    });
  });
});
