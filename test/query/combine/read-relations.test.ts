import { expect, test } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import { readRelations } from '../../../lambda/query/combine/read-relations.ts';
import { limits } from '../../../lambda/query/limits.ts';
import type { CombinedPlan, ReadOffer, RelationRead } from '../../../lambda/query/plan.ts';
import type { Fragment } from '../../../lambda/stores/store.ts';
import { planOf } from './sample.ts';

/** What is asked of each entity, where those of one answer these rows, and how often its reads are planned. */
async function askedOf(sql: string, given: Readonly<Record<string, readonly Row[]>>) {
  const made = await planOf(sql);
  let planned = 0;
  const counted = new Map<RelationRead, RelationRead>();
  const count = (read: RelationRead): RelationRead => {
    const known = counted.get(read);
    if (known !== undefined) return known;
    const plan: RelationRead['plan'] = (more) => {
      planned += 1;
      return read.plan(more);
    };
    const counting = { ...read, plan, by: read.by && { ...read.by, read: count(read.by.read) } };
    counted.set(read, counting);
    return counting;
  };
  const plan: CombinedPlan = { ...made, reads: made.reads.map(count) };
  const asked = new Map<string, ReadOffer[]>();
  const found = await readRelations(plan, async (offer, { entity: { name } }) => {
    asked.set(name, [...(asked.get(name) ?? []), offer]);
    return given[name] ?? [];
  });
  return { asked: (name: string) => asked.get(name) ?? [], found, planned };
}

const fragmentsOf = ({ chosen: { route } }: ReadOffer): readonly Fragment[] =>
  route.kind === 'native' ? route.fragments : [];

const codes = (count: number, name: string): readonly Row[] =>
  Array.from({ length: count }, (_, index) => ({ [name]: `N${index}` }));

const between = (column: string, from: string, to: string) =>
  `${column} >= '${from}' and ${column} < '${to}'`;
const aWeek = between('e.at', '2013-07-08', '2013-07-15');
const ofMaker = `select e.at, a.model from flight_event e join aircraft a using (tail_number) where a.manufacturer = 'CESSNA' and ${aWeek}`;

test('look-ups by one column are planned as many together as a store reads at once', async () => {
  const { asked, planned } = await askedOf(ofMaker, { aircraft: codes(20, 'tail_number') });

  const offers = asked('flight_event');
  // Of 48 partitions six aircraft have their seven days.
  expect(planned).toBe(4);
  expect(offers.map((offer) => fragmentsOf(offer).length)).toEqual([42, 42, 42, 14]);
  const partitions = offers.flatMap(fragmentsOf).map((fragment) => JSON.stringify(fragment));
  expect(new Set(partitions).size).toBe(140);
});

test('more look-ups than partitions there are are not made: its own conditions lead to less', async () => {
  const { asked, planned } = await askedOf(ofMaker, { aircraft: codes(24, 'tail_number') });

  const offers = asked('flight_event');
  expect(planned).toBe(0);
  expect(offers.flatMap(fragmentsOf).length).toBe(7 * 24);
  expect(new Set(offers.map(({ chosen: { placement } }) => placement))).toEqual(
    new Set(['flight_event.eventsByTime']),
  );
});

test('many partitions are read in several parts, so that each may have as many rows as one read', async () => {
  const { asked } = await askedOf(
    `select e.at, a.model from flight_event e join aircraft a using (tail_number) where ${aWeek}`,
    {},
  );

  const parts = asked('flight_event').map(fragmentsOf);
  expect(parts.map((part) => part.length)).toEqual([48, 48, 48, 24]);
  expect(new Set(parts.flat().map((fragment) => JSON.stringify(fragment))).size).toBe(168);
});

const toAirports = `select f.flight_number from flight f join airport a on a.airport_code = f.destination where match(a.name, 'intl') and ${between('f.scheduled_at', '2013-01-01', '2014-01-01')}`;

test('what SQL narrows is asked for by one list, of more values than one takes by its own conditions', async () => {
  const few = await askedOf(toAirports, { airport: codes(limits.combinedList, 'airport_code') });
  const many = await askedOf(toAirports, { airport: codes(limits.combinedList + 1, 'airport_code') });

  expect(few.asked('flight').map(({ params }) => params().at(-1))).toEqual([
    Array.from({ length: limits.combinedList }, (_, index) => `N${index}`),
  ]);
  expect(many.asked('flight').map(({ params }) => params().length)).toEqual([
    (few.asked('flight')[0]?.params().length ?? 0) - 1,
  ]);
});

test('values that its own conditions exclude are not looked up, and without any nothing is read', async () => {
  const sql = `${toAirports} and f.destination >= 'N5'`;

  const some = await askedOf(sql, { airport: [...codes(7, 'airport_code'), { airport_code: null }] });
  const none = await askedOf(sql, { airport: codes(3, 'airport_code') });

  expect(some.asked('flight').map(({ params }) => params().at(-1))).toEqual([['N5', 'N6']]);
  expect(none.asked('flight')).toEqual([]);
});
