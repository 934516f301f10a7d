import { describe, expect, test } from '@jest/globals';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { readSelect } from '../../lambda/query/read-select.ts';
import { Unrecognised } from '../../lambda/query/unrecognised.ts';
import { createHarness, failure, flight } from './harness.ts';
import { viewCatalog } from './view-model.ts';

const catalog = viewCatalog('views');
const analyse = createAnalyser(catalog);
const read = async (sql: string) => {
  const statement = await analyse(sql);
  return readSelect(statement.statement, statement.reads, []);
};

const named: readonly (readonly [string, readonly string[]])[] = [
  ['select count(*) from sighting', ['count']],
  ['select kind from sighting group by kind', ['kind']],
  ["select date_trunc('hour', at), count(*) from sighting group by 1", ['date_trunc', 'count']],
  ["select date_trunc('DAY', s.at) as day from sighting s group by day", ['day']],
  ["select date_trunc('month', at) from sighting group by date_trunc('month', at)", ['date_trunc']],
  ['select sum(wings), avg(wings) a, min(at), max(at) "Max" from sighting', ['sum', 'a', 'min', 'Max']],
  ['select count(1), count(note) from sighting order by count(extra)', ['count', 'count']],
  ['select kind from sighting group by 1, place order by place desc, count(*)', ['kind']],
];

test.each(named)('%s is recognised, with PostgreSQL’s names', async (sql, names) => {
  const select = await read(sql);

  expect([select.kind, select.output.map(({ name }) => name)]).toEqual(['aggregate', names]);
});

const refused: readonly (readonly [string, string])[] = [
  // `at` is the column: PostgreSQL looks there before it looks at the names of the output.
  ["select date_trunc('hour', at) as at, count(*) from sighting group by at", 'the hour of at, by which'],
  ['select kind, count(*) from sighting', 'selects kind, by which'],
  ['select count(*) from sighting group by kind order by place', 'ordered by place, by which'],
  ['select count(*) from sighting group by lower(kind)', 'by an expression'],
  ['select count(*) from sighting group by 2', 'by an expression'],
  ['select count(*) from sighting group by 1', 'groups by an aggregate'],
  ['select kind as x, place as x from sighting group by x, kind, place', "'x', which it selects twice"],
  ['select count(*) as x, sum(wings) as x from sighting order by x', "'x', which it selects twice"],
  ['select count(*) from sighting order by 2', 'a place that is not there'],
  ['select count(*) from sighting group by extra', 'a value of type json'],
  ['select count(*) from sighting group by photo', 'a value of type bytes'],
  ['select count(*) from sighting group by rollup (kind)', 'by an expression'],
  ['select count(*) from sighting group by kind having count(*) > 1', 'having'],
  ['select distinct count(*) from sighting', 'distinct'],
  ['select sum(distinct wings) from sighting', 'the sum of different values'],
  ['select count(distinct extra) from sighting', 'which is of type json'],
  ["select count(*) filter (where kind = 'bird') from sighting", 'count with filter'],
  ['select count(*) over () from sighting', 'count with over'],
  ['select sum(wings + 1) from sighting', 'the sum of an expression'],
  ['select count(null) from sighting', 'the count of an expression'],
  ['select sum(ratio) from sighting', 'the sum of ratio, which is of type float'],
  ['select avg(weight) from sighting', 'the avg of weight, which is of type decimal'],
  ['select min(tame) from sighting', 'the min of tame, which is of type boolean'],
  ['select max(extra) from sighting', 'the max of extra, which is of type json'],
  ['select stddev(wings) from sighting', 'it selects an expression'],
  ['select count(*) + 1 from sighting', 'it selects an expression'],
  ["select date_trunc('decade', at) from sighting group by 1", 'date_trunc'],
  ["select date_trunc('day', place::timestamptz) from sighting group by 1", 'date_trunc'],
  ["select date_trunc('hour', at, 'Asia/Tokyo') from sighting group by 1", 'the time zone Asia/Tokyo'],
  ["select date_bin('1 month', at, '2013-01-01') from sighting group by 1", 'date_bin'],
  ["select date_bin('0 hours', at, '2013-01-01') from sighting group by 1", 'date_bin'],
  ["select date_bin('1 day', seen_on, timestamp '2013-01-01') from sighting group by 1", 'date_bin'],
  ['select wings / 0 from sighting group by 1', 'it selects, groups or orders by an expression'],
  ['select wings / 2.5 from sighting group by 1', 'it selects, groups or orders by an expression'],
];

test.each(refused)('%s is left to PostgreSQL', async (sql, why) => {
  const error = await read(sql).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(Unrecognised);
  expect(error).toMatchObject({ message: expect.stringContaining(why) });
});

describe('groups', () => {
  const sql =
    'select origin, count(*), sum(distance_miles) as miles, avg(departure_delay_minutes) from flight where flight_number = 1545 group by origin order by 2 desc, origin limit 2';

  test('are added up from the rows of the source when nothing may be missing', async () => {
    const harness = createHarness();
    for (const [hour, origin, delay] of [
      [1, 'EWR', 1],
      [2, 'EWR', 2],
      [3, 'JFK', null],
      [4, 'LGA', 5],
    ] as const)
      await harness.seed(
        flight({ scheduled_at: `2013-01-01T0${hour}:00:00Z`, origin, departure_delay_minutes: delay }),
      );

    const answer = await harness.query(sql, { freshness: 'strong' });

    expect(answer.rows).toEqual([
      { origin: 'EWR', count: 2, miles: 2800, avg: '1.5000000000000000' },
      { origin: 'JFK', count: 1, miles: 1400, avg: null },
    ]);
    expect(answer.columns).toEqual([
      { name: 'origin', type: 'text' },
      { name: 'count', type: 'bigint' },
      { name: 'miles', type: 'bigint' },
      { name: 'avg', type: 'decimal' },
    ]);
    expect(answer.route).toMatchObject({
      placement: 'flight.source',
      class: 'analytic',
      why: expect.stringContaining('added up here'),
    });
  });

  test('are left to Aurora where it holds the rows', async () => {
    const { route } = await createHarness().query(sql);

    expect(route.placement).toBe('aurora.analytics');
  });

  test('of nothing are none, and without groups one', async () => {
    const { query } = createHarness();
    const contradiction = 'flight_number > 3 and flight_number < 2';

    const grouped = await query(`select origin, count(*) from flight where ${contradiction} group by origin`);
    const one = await query(`select count(*), max(origin) from flight where ${contradiction}`);
    const cut = await query(`select count(*) from flight where ${contradiction} limit 0`);

    expect([grouped.rows, one.rows, cut.rows]).toEqual([[], [{ count: 0, max: null }], []]);
  });

  test('of more rows than may be read are refused by name', async () => {
    const harness = createHarness();
    harness.dynamodb.read = async () =>
      Array.from({ length: 10_001 }, () => ({ row: flight(), version: undefined }));

    const error = await failure(harness.query(sql, { freshness: 'strong' }));

    expect(error.code).toBe('scan_refused');
  });

  test('by the hour of a time are a time series', async () => {
    const { class: kind, chosen } = await createHarness().explain(
      "select date_trunc('hour', scheduled_at) as hour, count(*) from flight where flight_number = 1 group by 1",
    );

    expect([kind, chosen.placement]).toEqual(['time series', 'aurora.analytics']);
  });
});
