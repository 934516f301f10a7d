import { expect, test } from '@jest/globals';
import { compile } from '../../../lambda/model/index.ts';
import { createAnalyser } from '../../../lambda/query/analyse.ts';
import { selectOf } from '../../../lambda/query/combine/relation.ts';
import type { CombinedPlan } from '../../../lambda/query/plan.ts';
import { planRead } from '../../../lambda/query/plan-read.ts';
import model from '../../../model/flights.ts';
import { planContext } from '../harness.ts';

const catalog = compile(model);
const analyse = createAnalyser(catalog);

async function planOf(sql: string): Promise<CombinedPlan> {
  const { qualified } = planRead(await analyse(sql), catalog, planContext({ tenant: 'UA' }));
  const { route } = qualified[0];
  if (route.kind !== 'combined') throw new TypeError(`it is answered by ${qualified[0].placement}`);
  return route.plan;
}

/** What a plan reads, by entity: the names of groups and totals, or those of columns with an order and a limit. */
const readsOf = ({ statement }: CombinedPlan): Readonly<Record<string, string>> =>
  Object.fromEntries(
    statement.relations.map((relation) => {
      const select = selectOf(relation);
      if (select.kind === 'aggregate') {
        const named = (some: readonly { readonly as: string }[]) => some.map(({ as }) => as).join(' ');
        return [relation.entity.name, `${named(select.groups)}: ${named(select.aggregates)}`];
      }
      const order = select.order.map((term) => (term.kind === 'column' ? term.column.name : 'rank'));
      const first = select.limit === undefined ? '' : `; first ${select.limit} by ${order.join(' ')}`;
      return [relation.entity.name, `${select.output.map(({ name }) => name).join(' ')}${first}`];
    }),
  );

const between = (column: string, from: string, to: string) =>
  `${column} >= '${from}' and ${column} < '${to}'`;
const month = "e.at >= '2013-01-01' and e.at < '2013-02-01'";
const joined = `from flight_event e join aircraft a using (tail_number) where ${month}`;

test('totals over one side of a join are read added up by what joins it', async () => {
  const plan = await planOf(
    `select a.manufacturer, count(*), avg(e.delay_minutes), max(e.at) ${joined} group by 1 order by 2 desc`,
  );

  expect(readsOf(plan)).toEqual({
    flight_event: 'tail_number: _count _sum_delay_minutes _count_delay_minutes _max_at',
    aircraft: 'tail_number manufacturer',
  });
  expect(plan.reads.map(({ free, by }) => (by?.offer ?? free)?.chosen.kind)).toEqual([
    'aggregate',
    'key look-up',
  ]);
});

test('what a store sees only then that it cannot add up it gives the rows of', async () => {
  const plan = await planOf(`select a.model, sum(e.delay_minutes) ${joined} group by 1`);

  const [events] = plan.reads;
  const kinds = [...(events?.free?.inTurn ?? [])].map(({ engine, kind }) => `${engine} ${kind}`);
  expect(kinds).toEqual(expect.arrayContaining(['archive aggregate', 'archive filter']));
});

test('rows that are added up here are read at once, however many pages a store would give', async () => {
  const plan = await planOf(
    "select w.visib, count(*), sum(f.departure_delay_minutes) from flight f join weather w on w.origin = f.origin where f.scheduled_at >= '2013-01-01' and f.scheduled_at < '2013-01-02' and w.origin = 'JFK' and w.at >= '2013-01-01' and w.at < '2013-01-02' group by 1",
  );

  const read = plan.reads.find(({ relation }) => relation.entity.name === 'flight');
  const routes = [...(read?.free?.inTurn ?? [])].map(({ engine, route }) => ({ engine, ...route }));
  expect(routes).toContainEqual(
    expect.objectContaining({
      ...{ engine: 'opensearch', kind: 'native' },
      select: expect.objectContaining({ kind: 'aggregate' }),
      fragments: [expect.objectContaining({ limit: 10_001 })],
    }),
  );
  expect(routes.filter((route) => 'inPages' in route)).toEqual([]);
});

test('times are grouped by as much of them as matters', async () => {
  const plan = await planOf(
    `select date_trunc('year', e.at), extract(dow from e.at), e.at::date, count(a.year) ${joined} group by 1, 2, 3`,
  );

  expect(readsOf(plan).flight_event).toBe('tail_number _month_at _day_at: _count');
});

test.each([
  ['rows', `select e.kind, a.year ${joined}`],
  ['values in an order', `select string_agg(e.kind, ',' order by e.kind) ${joined}`],
  [
    'the whole key',
    `select count(distinct e.event_id), max(e.flight_number), count(e.carrier) ${joined} group by e.flight_number, e.carrier`,
  ],
  ['windows', `select count(*) over (partition by a.model) ${joined}`],
  [
    'an aggregate of the select around it',
    `select (select max(e.delay_minutes) from aircraft b where b.year > 2010 and b.model = 'x') ${joined}`,
  ],
])('%s are not read in groups', async (_, sql) => {
  const { relations } = (await planOf(sql)).statement;

  expect(relations.filter(({ grouping }) => grouping !== undefined)).toEqual([]);
});

const inMonth = between('f.scheduled_at', '2013-04-01', '2013-05-01');
const tested = `from flight f where f.destination = a.airport_code and ${inMonth}`;

test.each([
  ['exists', `exists (select 1 ${tested})`],
  ['not exists', `not exists (select 1 ${tested})`],
  ['in', `a.airport_code in (select f.destination from flight f where ${inMonth})`],
  ['all', `a.airport_code <> all (select f.destination from flight f where ${inMonth})`],
])('a table that is only tested for a row by %s is read in groups', async (_, condition) => {
  const plan = await planOf(`select a.name from airport a where match(a.name, 'intl') and ${condition}`);

  expect(readsOf(plan).flight).toBe('destination: ');
});

test.each([
  ['the first of them are tested', `exists (select 1 ${tested} offset 3)`],
  ['they are numbered', `3 in (select row_number() over () ${tested})`],
  ['one stands for others', `exists (select distinct on (f.origin) f.flight_number ${tested})`],
  ['they stand for a value', `a.name = (select f.origin ${tested})`],
  ['they are united', `a.name in (select f.origin ${tested} union all select f.status ${tested})`],
])('the rows themselves are read where %s', async (_, condition) => {
  const { relations } = (
    await planOf(`select a.name from airport a where match(a.name, 'intl') and ${condition}`)
  ).statement;

  expect(relations.filter(({ grouping }) => grouping !== undefined)).toEqual([]);
});

test('the first rows of a left join by a key are read alone, and what they are joined to by their values', async () => {
  const plan = await planOf(
    `select e.event_id, a.model from flight_event e left join aircraft a using (tail_number) where ${month} order by e.delay_minutes desc, 1 limit 10 offset 5`,
  );

  expect(readsOf(plan)).toEqual({
    flight_event: 'tail_number event_id delay_minutes; first 15 by delay_minutes event_id',
    aircraft: 'tail_number model',
  });
  expect(plan.reads.map(({ by }) => by?.read.relation.entity.name)).toEqual([undefined, 'flight_event']);
});

const left = 'from flight_event e left join aircraft a using (tail_number)';
test.each([
  ['a join that may leave rows out', `select e.event_id, a.model ${joined} order by e.at limit 3`],
  [
    'a join that may find several',
    `select e.event_id, a.model from flight_event e left join aircraft a on a.year = e.flight_number where ${month} order by e.at limit 3`,
  ],
  [
    'a condition on what is joined',
    `select e.event_id, a.model ${left} where ${month} and a.year is null order by e.at limit 3`,
  ],
  ['an order of what is joined', `select e.event_id, a.model ${left} where ${month} order by a.year limit 3`],
  ['different rows', `select distinct e.kind, a.model ${left} where ${month} order by e.kind limit 3`],
  ['totals', `select e.kind, count(a.model) ${left} where ${month} group by e.kind order by e.kind limit 3`],
  ['windows', `select e.kind, rank() over (order by a.model) ${left} where ${month} order by e.at limit 3`],
])('%s: all rows are read', async (_, sql) => {
  const { relations } = (await planOf(sql)).statement;

  expect(relations.filter(({ top }) => top !== undefined)).toEqual([]);
});
