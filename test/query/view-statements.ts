import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import type { Catalog } from '../../lambda/model/index.ts';
import { sightingRow } from './view-model.ts';

/** Sightings, and selects and aggregates over them, small enough that conditions meet rows. */

const instants = [
  '2013-01-01T00:00:00.000000Z',
  '2013-01-01T00:59:59.999999Z',
  '2013-01-01T01:00:00.000000Z',
  '2013-01-01T10:15:00.250000Z',
  '2013-01-01T23:59:59.999999Z',
  '2013-01-02T00:00:00.000000Z',
  '2013-01-31T12:00:00.000000Z',
  '2013-02-01T00:00:00.000000Z',
];
const nothing = null;
const values = {
  place: ['EWR', 'JFK', '\u{1f6eb}', '\ufffd'],
  kind: ['bird', 'plane', 'cloud'],
  wings: [2, -3, 7, 2_147_483_647, nothing],
  height: ['9007199254740993', '-5', '0', nothing],
  weight: ['1.500', '-0.001', '99999.999', nothing],
  ratio: [0.5, -1e-7, 3, nothing],
  tame: [true, false, nothing],
  seen_on: ['2012-12-31', '2013-01-01', nothing],
  note: ['a grey goose', 'goose, geese', '', nothing],
  photo: ['\\x', '\\x00ff', nothing],
  extra: [{ a: 1 }, [null], nothing],
} as const;

/** Sightings of two tenants, the first of which the statements are asked for. */
export const sightings = (catalog: Catalog, own: string, other: string): fc.Arbitrary<readonly Row[]> =>
  fc.uniqueArray(
    fc
      .record({
        tenant: fc.constantFrom(own, own, own, other),
        sighting_id: fc.constantFrom('s1', 's2', 's10'),
        at: fc.constantFrom(...instants),
        ...Object.fromEntries(
          Object.entries(values).map(([name, some]) => [name, fc.constantFrom<Row[string]>(...some)]),
        ),
      })
      .map((fields) => sightingRow(catalog, fields)),
    { maxLength: 30, selector: (row) => [row.tenant, row.sighting_id, row.at].join() },
  );

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));
const comparison = fc.constantFrom('=', '<>', '<', '<=', '>', '>=');
const compared = (column: string, some: readonly unknown[]): fc.Arbitrary<string> => {
  const texts = some.filter((value) => value !== null).map(literal);
  return fc.oneof(
    fc.tuple(comparison, fc.constantFrom(...texts)).map(([sign, value]) => `${column} ${sign} ${value}`),
    fc
      .array(fc.constantFrom(...texts, 'null'), { minLength: 1, maxLength: 3 })
      .map((list) => `${column} in (${list.join(', ')})`),
    fc.constantFrom(`${column} is not null`, `${column} is null`, `not ${column} = ${texts[0]}`),
  );
};

const condition = (own: string, other: string): fc.Arbitrary<string> =>
  fc.oneof(
    compared('tenant', [own, other]),
    compared('place', values.place),
    compared('kind', values.kind),
    compared('wings', values.wings),
    compared('height', values.height),
    compared('weight', values.weight),
    compared('ratio', values.ratio),
    compared('seen_on', values.seen_on),
    compared('note', ['a grey goose', '']),
    fc.constantFrom('tame = true', 'tame is null', 'tame <> true', 'extra is not null', 'photo is null'),
    fc
      .tuple(compared('kind', values.kind), compared('wings', values.wings))
      .map(([a, b]) => `(${a} or not (${b}))`),
  );

/** What places a statement somewhere: a time slice, a place and a day, a range of full hours. */
const located = fc.constantFrom(
  "at >= '2013-01-01' and at < '2013-01-02'",
  "at >= '2013-01-01' and at <= '2013-01-01 10:15:00.25Z'",
  "at between '2013-01-01 00:30Z' and '2013-01-02'",
  "at = '2013-01-01 01:00Z'",
  "place = 'EWR' and at >= '2013-01-01' and at < '2013-01-03'",
  "place in ('JFK', '\u{1f6eb}') and at >= '2013-01-01' and at < '2013-01-02 12:00Z'",
  "at >= '2013-01-01' and at < '2013-02-01'",
  "at >= '2013-01-01 00:00Z' and at < '2013-01-01 02:00Z'",
  "sighting_id = 's1'",
  "sighting_id = 's1' and wings > 0",
  "sighting_id in ('s1', 's2') and wings <= 7",
  "kind = 'bird'",
  "kind in ('bird', 'plane') and at >= '2013-01-01 01:00Z'",
);

/** A statement, the same without its limits, and the columns of the answer that it is ordered by. */
export interface GeneratedStatement {
  readonly sql: string;
  readonly whole: string;
  readonly order: readonly string[];
}

const cut = fc
  .record({
    limit: fc.option(fc.integer({ min: 0, max: 5 })),
    offset: fc.option(fc.integer({ min: 0, max: 3 })),
  })
  .map(
    ({ limit, offset }) =>
      `${limit === null ? '' : ` limit ${limit}`}${offset === null ? '' : ` offset ${offset}`}`,
  );
const direction = fc
  .tuple(fc.constantFrom('', ' asc', ' desc'), fc.constantFrom('', '', ' nulls first', ' nulls last'))
  .map((parts) => parts.join(''));

/** Orders by terms, each given with the column of the answer that it stands for. */
const ordered = (terms: readonly (readonly [term: string, column: string])[]) =>
  fc.array(fc.tuple(fc.constantFrom(...terms), direction), { maxLength: 2 }).map((chosen) => ({
    clause:
      chosen.length === 0 ? '' : ` order by ${chosen.map(([[term], way]) => `${term}${way}`).join(', ')}`,
    columns: chosen.map(([[, column]]) => column),
  }));
const byName = (...columns: readonly string[]) => columns.map((column) => [column, column] as const);

const where = (own: string, other: string, place = located): fc.Arbitrary<string> =>
  fc
    .tuple(place, fc.array(condition(own, other), { maxLength: 2 }))
    .map(([first, more]) => ` where ${[first, ...more].join(' and ')}`);

export const sightingSelects = (own: string, other: string): fc.Arbitrary<GeneratedStatement> =>
  fc
    .tuple(
      where(own, other),
      fc.oneof(
        ordered(byName('at')),
        ordered(byName('at', 'wings', 'height', 'weight', 'place', 'note', 'ratio', 'tame')),
      ),
      cut,
      fc.option(
        fc.uniqueArray(fc.constantFrom('sighting_id', 'at', 'place', 'kind', 'wings'), { minLength: 1 }),
      ),
    )
    .map(([filter, { clause, columns }, limits, some]) => {
      const list = some === null ? '*' : [...new Set([...some, ...columns])].join(', ');
      const whole = `select ${list} from sighting${filter}${clause}`;
      return { sql: whole + limits, whole, order: columns };
    });

/** The first rows of groups: by `distinct on`, and as a window numbers them. */
export const sightingTops = (own: string, other: string): fc.Arbitrary<GeneratedStatement> =>
  fc
    .record({
      filter: where(own, other),
      by: fc.uniqueArray(
        fc.constantFrom('kind', 'place', 'wings', 'height', 'weight', 'tame', 'seen_on', 'ratio'),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
      within: fc.uniqueArray(
        fc.tuple(fc.constantFrom('at', 'wings', 'height', 'weight', 'note', 'ratio', 'seen_on'), direction),
        { maxLength: 2, selector: ([column]) => column },
      ),
      way: direction,
      count: fc.integer({ min: 1, max: 3 }),
      isNumbered: fc.boolean(),
      limits: cut,
      star: fc.boolean(),
    })
    .map(({ filter, by, within, way, count, isNumbered, limits, star }) => {
      // Orders that say all, so that there is one right answer.
      const last = [...within.map(([column, how]) => `${column}${how}`), 'at', 'sighting_id', 'tenant'].join(
        ', ',
      );
      const order = ['at', 'sighting_id'];
      if (!isNumbered) {
        const whole = `select distinct on (${by.join(', ')}) ${star ? '*' : [...new Set([...by, ...order])].join(', ')} from sighting${filter} order by ${by.map((column) => `${column}${way}`).join(', ')}, ${last}`;
        return { sql: whole + limits, whole, order: [...by, ...order] };
      }
      const shown = star
        ? '*'
        : ['tenant', ...order, ...by, 'n'].filter((one, at, all) => all.indexOf(one) === at).join(', ');
      const whole = `select ${shown} from (select *, row_number() over (partition by ${by.join(', ')} order by ${last}) as n from sighting${filter}) s where n <= ${count} order by n desc, ${order.join(', ')}`;
      return { sql: whole + limits, whole, order: ['n', ...order] };
    });

/** Rows that differ in what they show. */
export const sightingDistincts = (own: string, other: string): fc.Arbitrary<GeneratedStatement> =>
  fc
    .tuple(
      fc.uniqueArray(
        fc.constantFrom('kind', 'place', 'wings', 'height', 'weight', 'tame', 'seen_on', 'ratio', 'note'),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      where(own, other),
      cut,
    )
    .map(([columns, filter, limits]) => {
      const whole = `select distinct ${columns.join(', ')} from sighting${filter} order by ${columns.join(', ')}`;
      return { sql: whole + limits, whole, order: columns };
    });

const buckets = ["date_trunc('hour', at)", "date_trunc('day', at)", "date_trunc('month', at)"];
/** The same for stores that hold rows, and other groups of several values. */
const cuts = [
  ...['second', 'minute', 'week', 'quarter', 'year'].map((unit) => `date_trunc('${unit}', at)`),
  "date_trunc('Day', at, 'UTC')",
  "date_trunc('month', seen_on)",
  "date_bin('15 minutes', at, '2013-01-01 00:05Z')",
  "date_bin('7 days 2 hours', at, timestamptz '2020-02-29')",
  "date_bin('250 milliseconds', at, '0001-01-01')",
  "date_bin('1 week', seen_on, '2012-12-31')",
  'wings / 2',
  'height / 1000',
  'wings / 2147483647',
];
const groupings = [...buckets, ...cuts, 'kind', 'place', 'wings', 'height', 'weight', 'tame', 'seen_on'];
const totals = [
  'count(*)',
  'count(wings)',
  'count(extra)',
  'count(photo)',
  'count(distinct wings)',
  'count(distinct height)',
  'count(distinct weight)',
  'count(distinct ratio)',
  'count(distinct note)',
  'count(distinct at)',
  'count(distinct tame)',
  'sum(wings)',
  'sum(height)',
  'sum(weight)',
  'min(at)',
  'max(place)',
  'min(height)',
  'max(weight)',
  'min(ratio)',
  'max(seen_on)',
  'min(wings)',
  'max(wings)',
  'avg(wings)',
  'avg(height)',
];
/** What the rollup of the model holds. */
const kept = ['count(*)', 'count(wings)', 'sum(wings)', 'min(wings)', 'max(wings)', 'avg(wings)'];

const aggregatesOf = (
  filters: fc.Arbitrary<string>,
  groups: readonly string[],
  some: readonly string[],
): fc.Arbitrary<GeneratedStatement> =>
  fc
    .tuple(
      fc.uniqueArray(fc.constantFrom(...groups), { maxLength: 2 }),
      fc.uniqueArray(fc.constantFrom(...some), { minLength: 1, maxLength: 3 }),
      filters,
      cut,
    )
    .chain(([by, of, filter, limits]) => {
      const items = [...by, ...of];
      const terms = items.flatMap((item, index): [string, string][] => [
        [item, `c${index}`],
        [`c${index}`, `c${index}`],
        [String(index + 1), `c${index}`],
      ]);
      return fc.tuple(ordered(terms), fc.boolean()).map(([{ clause, columns }, byPlace]) => {
        const list = items.map((item, index) => `${item} as c${index}`).join(', ');
        const grouping = byPlace ? by.map((_, index) => index + 1) : by;
        const whole = `select ${list} from sighting${filter}${by.length === 0 ? '' : ` group by ${grouping.join(', ')}`}${clause}`;
        return { sql: whole + limits, whole, order: columns };
      });
    });

/** Any groups and totals, and those that the rollup keeps. */
export const sightingAggregates = (own: string, other: string): fc.Arbitrary<GeneratedStatement> =>
  fc.oneof(
    aggregatesOf(where(own, other), groupings, totals),
    aggregatesOf(
      fc
        .tuple(
          fc.constantFrom(
            "at >= '2013-01-01' and at < '2013-02-01'",
            "at >= '2013-01-01 01:00Z' and at < '2013-01-02'",
            "at >= '2012-12-01' and at < '2013-03-01'",
          ),
          fc.constantFrom('', '', " and kind = 'bird'", " and kind = 'plane'"),
        )
        .map((parts) => ` where ${parts.join('')}`),
      buckets,
      kept,
    ),
  );
