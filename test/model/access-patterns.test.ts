import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { changedPlans } from '../../bin/planned-patterns.ts';
import {
  type AccessPattern,
  aurora,
  compile,
  type EntityDefinition,
  model,
} from '../../lambda/model/index.ts';
import { planAccessPatterns } from '../../lambda/query/access-patterns.ts';
import flights from '../../model/flights.ts';
import { createViewHarness } from '../query/view-harness.ts';

const root = dirname(dirname(import.meta.dirname));
const with_ = (pattern: AccessPattern, entities: readonly EntityDefinition[] = flights.entities) =>
  compile(model('flights', entities, { accessPatterns: { asked: pattern } }));
const problemOf = async (pattern: AccessPattern, entities?: readonly EntityDefinition[]) =>
  (await planAccessPatterns(with_(pattern, entities))).problems[0];
const planOf = async (pattern: AccessPattern, entities?: readonly EntityDefinition[]) => {
  const { plans, problems } = await planAccessPatterns(with_(pattern, entities));
  return plans.asked ?? problems;
};

describe('the access patterns of the sample', () => {
  test('are served by bounded work, by the plans that were written down', async () => {
    const planned = await planAccessPatterns(compile(flights));

    expect(planned.problems).toEqual([]);
    // Look at the change, then: npx polystore model plan --write
    expect(changedPlans(root, planned.plans)).toEqual([]);
  });

  test('take every store that answers', async () => {
    const { plans } = await planAccessPatterns(compile(flights));

    expect([...new Set(Object.values(plans).map(({ engine }) => engine))].toSorted()).toEqual(
      ['archive', 'aurora', 'dynamodb', 'duckdb', 'keyspaces', 'opensearch', 'redis'].toSorted(),
    );
  });
});

describe('a request with the text of a pattern', () => {
  const { explain } = createViewHarness(compile(flights));
  const { departure, delayByManufacturer } = flights.accessPatterns ?? {};

  test('that says no freshness has the pattern’s', async () => {
    const { considered } = await explain(departure?.sql ?? '', { params: departure?.params ?? [] });
    const others = await explain(`${departure?.sql} limit 1`, { params: departure?.params ?? [] });

    const reason = (of: typeof considered) => of.find(({ placement }) => placement === 'flight.board')?.why;
    expect(reason(considered)).toContain('freshness 0 wants the source');
    expect(reason(others.considered)).not.toContain('freshness 0');
  });

  test('that says no workload has the pattern’s', async () => {
    const sql = delayByManufacturer?.sql ?? '';

    expect((await explain(sql)).chosen.placement).toBe('aurora.reporting');
    expect((await explain(sql, { workload: 'dashboard' })).chosen.placement).toBe('aurora.dashboard');
  });
});

describe('a pattern', () => {
  test('that reads all of a table is refused with what it would read and what would serve it', async () => {
    expect(
      await problemOf({ sql: 'select * from airport where tzone = $1', params: ['America/Chicago'] }),
    ).toBe(
      "asked: aurora.dashboard would read every row of airport in Aurora. Declare airport.source.indexes: ['tzone'], or let it read all with scan: 'allowed'",
    );
  });

  test('is served once the model has what was said, or lets it read all', async () => {
    const pattern = { sql: 'select * from airport where tzone = $1', params: ['America/Chicago'] };
    const entities = flights.entities.map((entity) =>
      entity.name === 'airport' ? { ...entity, source: aurora({ indexes: [['tzone']] }) } : entity,
    );

    expect(await planOf(pattern, entities)).toMatchObject({
      work: 'index',
      by: ['airport: the index (tzone)'],
    });
    expect(await planOf({ ...pattern, scan: 'allowed' })).toMatchObject({ work: 'scan' });
  });

  test.each<[string, AccessPattern, string]>([
    [
      'that nothing answers',
      { sql: 'select * from flight_event where kind = $1', params: ['departed'], asOf: '2013-02-01' },
      'asked: ',
    ],
    [
      'that writes',
      { sql: "delete from airport where airport_code = 'EWR'" },
      'it writes; an access pattern reads',
    ],
    [
      'without its sample',
      { sql: 'select * from airport where airport_code = $1' },
      'takes 1 parameter(s) and has 0 sample value(s)',
    ],
    ['of unknown tables', { sql: 'select * from airfield' }, 'airfield'],
    [
      'of another tenant',
      { sql: "select * from flight where carrier = 'UA' and flight_number = 1" },
      'give it other params, or its tenant',
    ],
  ])('%s is told', async (_, pattern, told) => {
    expect(await problemOf(pattern)).toContain(told);
  });

  test.each<[string, string, 'key' | 'key range' | 'index' | 'partition slice' | 'scan']>([
    ['the key', "select * from carrier where carrier = 'tenant'", 'key'],
    [
      'an index by a range',
      "select * from flight where scheduled_at > '2013-01-01' and origin like 'E%'",
      'index',
    ],
    [
      'an index by values',
      "select count(*) from flight where tail_number = 'N1' having count(*) > 0",
      'index',
    ],
    [
      'a join by the key',
      "select a.seats + 1 as n from flight f join aircraft a using (tail_number) where f.tail_number = 'N1'",
      'index',
    ],
    [
      'a join of which one side is all there is',
      'select count(*) from flight f join aircraft a using (tail_number)',
      'scan',
    ],
    [
      'the first in the order of the key',
      'select * from airport order by airport_code limit 10',
      'key range',
    ],
    ['the first in another order', 'select * from airport order by name limit 10', 'scan'],
    ['the tenant alone', 'select origin, origin || destination as leg from flight', 'scan'],
    [
      'counts by an index',
      "select status, count(*) from flight where destination = 'IAH' group by 1",
      'index',
    ],
    ['counts of all', 'select status, count(*) from flight group by 1', 'scan'],
  ])('of %s', async (_, sql, work) => {
    expect(await planOf({ sql, scan: 'allowed', asOf: '2013-01-02' })).toMatchObject({ work });
  });

  test('is held to the form of the language, all problems at once', () => {
    expect(() =>
      compile(
        model('flights', flights.entities, {
          accessPatterns: {
            Board: { sql: ' ', ratePerSecond: 0, asOf: 'soon' },
            a: { sql: 'select 1' },
            b: { sql: ' select 1' },
          },
        }),
      ),
    ).toThrow(
      /Board is not camelCase[\s\S]*Board has no statement[\s\S]*ratePerSecond of 0[\s\S]*asOf of 'soon'[\s\S]*b has the statement of 'a'/,
    );
  });
});
