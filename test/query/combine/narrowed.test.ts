import { expect, test } from '@jest/globals';
import type { CombinedPlan } from '../../../lambda/query/plan.ts';
import { planOf, whole } from './sample.ts';

/** `flight of aurora.analytics by airport, 1000 at most` */
const readsOf = ({ reads }: CombinedPlan): readonly string[] =>
  reads.map(({ relation, free, by }) => {
    const { placement } = (by?.offer ?? free)?.chosen ?? {};
    const values = by === undefined ? '' : ` by ${by.read.relation.entity.name}, ${by.most} at most`;
    return `${relation.entity.name} of ${placement}${values}`;
  });

const between = (column: string, from: string, to: string) =>
  `${column} >= '${from}' and ${column} < '${to}'`;
const aYear = between('f.scheduled_at', '2013-01-01', '2014-01-01');

test('what a range narrows is narrowed further by the values of what words match', async () => {
  const plan = await planOf(
    `select f.flight_number, a.name from flight f join airport a on a.airport_code = f.destination where match(a.name, 'intl') and ${aYear}`,
  );

  expect(readsOf(plan)).toEqual([
    'airport of airport.search',
    'flight of aurora.analytics by airport, 1000 at most',
  ]);
});

test('so are the groups of its rows, and those that none must be found among', async () => {
  const totals = await planOf(
    `select date_trunc('month', f.scheduled_at), count(*) from airport a join flight f on f.destination = a.airport_code where match(a.name, 'intl') and ${aYear} group by 1`,
  );
  const none = await planOf(
    `select a.name from airport a where match(a.name, 'intl') and not exists (select 1 from flight f where f.destination = a.airport_code and ${aYear})`,
  );

  const reads = ['airport of airport.search', 'flight of aurora.analytics by airport, 1000 at most'];
  expect(readsOf(totals)).toEqual(reads);
  expect(totals.reads.map(({ relation }) => relation.grouping !== undefined)).toEqual([false, true]);
  expect(readsOf(none)).toEqual(reads);
});

const day = between('f.scheduled_at', '2013-06-24', '2013-06-25');
const dayOfWeather = between('w.at', '2013-06-24', '2013-06-25');

test.each([
  [
    'values that conditions give already',
    `select f.flight_number from flight f join weather w using (origin) where ${day} and w.origin in ('EWR', 'JFK') and ${dayOfWeather}`,
    ['flight of aurora.analytics', 'weather of weather.byMonth'],
  ],
  [
    'a read that is as sharp itself',
    `select f.flight_number from flight f join weather w using (origin) where f.origin = 'EWR' and ${day} and w.origin = 'EWR' and ${dayOfWeather}`,
    ['flight of aurora.analytics', 'weather of weather.byMonth'],
  ],
  [
    'a few partitions that are read meanwhile',
    `select e.at from flight_event e join aircraft a using (tail_number) where match(a.manufacturer, 'airbus') and ${between('e.at', '2013-06-24', '2013-06-25')}`,
    ['flight_event of flight_event.eventsByTime', 'aircraft of aircraft.search'],
  ],
])('%s are not waited for', async (_, sql, reads) => {
  expect(readsOf(await planOf(sql))).toEqual(reads);
});

test('a few keys are fewer look-ups than the partitions of a day', async () => {
  const plan = await planOf(
    `select e.at from flight_event e join aircraft a using (tail_number) where a.tail_number in ('N1', 'N2') and ${between('e.at', '2013-06-24', '2013-06-25')}`,
  );

  expect(readsOf(plan)).toEqual([
    'aircraft of aurora.analytics',
    'flight_event of flight_event.eventsByAircraft by aircraft, 23 at most',
  ]);
});

const aWeek = between('e.at', '2013-07-08', '2013-07-15');

test('the partitions of a week are read before each of all aircraft is looked up on each day', async () => {
  const plan = await planOf(
    `select e.at, a.model from flight_event e join aircraft a using (tail_number) where ${aWeek}`,
  );

  expect(readsOf(plan)).toEqual([
    'flight_event of flight_event.eventsByTime',
    'aircraft of aurora.analytics by flight_event, 5000 at most',
  ]);
  const route = plan.reads[0]?.free?.chosen.route;
  expect(route?.kind === 'native' && route.fragments.length).toBe(7 * 24);
});

test('partitions that are all read are read at once, and those of first rows in turn', async () => {
  const enough = async (more: string) => {
    const { reads } = await planOf(
      `select e.at, a.model from flight_event e left join aircraft a using (tail_number) where ${between('e.at', '2013-07-08', '2013-07-09')} ${more}`,
    );
    const route = reads[0]?.free?.chosen.route;
    return route?.kind === 'native' ? route.enough : 'not from partitions';
  };

  expect(await enough('')).toBeUndefined();
  expect(await enough('order by e.at limit 3')).toBe(3);
});

test('aircraft that conditions choose are looked up on each day while that is fewer partitions', async () => {
  const plan = await planOf(
    `select e.at, a.model from flight_event e join aircraft a using (tail_number) where a.manufacturer = 'CESSNA' and ${aWeek}`,
  );

  // 23 × 7 < 168 = 24 × 7
  expect(readsOf(plan)).toEqual([
    'aircraft of aurora.analytics',
    'flight_event of flight_event.eventsByAircraft by aircraft, 23 at most',
  ]);
});

test('more partitions than one statement may be spread over are asked for when nothing else answers', async () => {
  const plan = await planOf(
    `select e.at, a.model from flight_event e join aircraft a using (tail_number) where ${aWeek}`,
    whole,
  );

  expect(readsOf(plan)[0]).toBe('flight_event of flight_event.history');
});

test('first rows are not narrowed: others would take their places', async () => {
  const plan = await planOf(
    `select e.at, a.model from flight_event e left join aircraft a using (tail_number) where ${aWeek} order by e.delay_minutes desc limit 3`,
  );

  expect(readsOf(plan)).toEqual([
    'flight_event of flight_event.eventsByTime',
    'aircraft of aurora.analytics by flight_event, 5000 at most',
  ]);
});

test('totals over a join are grouped by a replica of Aurora before a search index', async () => {
  const plan = await planOf(
    `select w.visib, count(*) from flight f join weather w using (origin) where ${day} and w.origin = 'EWR' and ${dayOfWeather} group by 1`,
  );

  expect(readsOf(plan)).toEqual(['flight of aurora.analytics', 'weather of weather.byMonth']);
});
