import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PolystoreError } from '../../lambda/errors.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { readAsked } from '../../lambda/query/asked.ts';
import type { Candidate, Qualified } from '../../lambda/query/plan.ts';
import { planRead, type ReadPlan, withTenant } from '../../lambda/query/plan-read.ts';
import { nativeProspects } from '../../lambda/query/prospects.ts';
import { prospect, Ranking } from '../../lambda/query/ranking.ts';
import { readSelect } from '../../lambda/query/read-select.ts';
import { catalog, planContext } from './harness.ts';
import { selects } from './statements.ts';
import { viewCatalog } from './view-model.ts';
import { sightingAggregates, sightingDistincts, sightingSelects, sightingTops } from './view-statements.ts';

const views = viewCatalog('ranked');

const answering = (placement: string, cost: number): Qualified => ({
  ...{ placement, engine: 'none', qualifies: true, kind: 'empty', why: 'it does', cost },
  estimatedReads: 0,
  // Nothing looks at what would be read.
  route: { kind: 'empty' } as Qualified['route'],
});
const refusing = (placement: string): Candidate => ({
  ...{ placement, engine: 'none', qualifies: false, why: 'it does not' },
});

/** Prospects by the least that they cost, and the names of those that were judged. */
function watched(all: readonly (readonly [atLeast: number, ...Candidate[]])[]) {
  const judged: string[] = [];
  const prospects = all.map(([atLeast, ...candidates]) =>
    prospect(atLeast, () => {
      judged.push(...candidates.map(({ placement }) => placement));
      return candidates;
    }),
  );
  return { ranking: new Ranking(prospects), judged };
}

const names = (candidates: Iterable<Candidate>) => [...candidates].map(({ placement }) => placement);

test('judges no further than it takes to know which is next', () => {
  const { ranking, judged } = watched([
    [9, answering('last', 9)],
    [2, refusing('refusing')],
    [3, answering('dear', 5)],
    [4, answering('cheap', 4)],
  ]);

  expect(ranking.at(0)?.placement).toBe('cheap');
  expect(judged).toEqual(['refusing', 'dear', 'cheap']);
  expect(ranking.at(1)?.placement).toBe('dear');
  expect(judged).not.toContain('last');
  expect(names(ranking)).toEqual(['cheap', 'dear', 'last']);
});

test('of those that cost the same the first that was given is asked first', () => {
  const { ranking } = watched([
    [1, answering('first', 4), answering('second', 4)],
    [4, answering('third', 4)],
    [0, answering('fourth', 4)],
  ]);

  expect(names(ranking)).toEqual(['first', 'second', 'third', 'fourth']);
});

test('tells of all in the order that they were given in, and judges each once', () => {
  const { ranking, judged } = watched([
    [2, answering('dear', 2)],
    [1, refusing('refusing')],
    [0, answering('cheap', 0)],
  ]);
  ranking.at(0);

  expect(names(ranking.considered())).toEqual(['dear', 'refusing', 'cheap']);
  expect(names(ranking)).toEqual(['cheap', 'dear']);
  expect(judged.toSorted()).toEqual(['cheap', 'dear', 'refusing']);
});

const contexts = fc.record({
  tenant: fc.constant('UA'),
  freshness: fc.constantFrom('default' as const, 'strong' as const),
  scan: fc.constantFrom('refused' as const, 'allowed' as const),
  partial: fc.boolean(),
  maxRows: fc.constantFrom(2, 1_000),
});

const flightsAsked = selects('UA', 'DL').map((sql) => ({
  sql,
  of: catalog,
  analyse: createAnalyser(catalog),
}));
const viewsAsked = fc
  .oneof(
    sightingSelects('UA', 'AA'),
    sightingAggregates('UA', 'AA'),
    sightingTops('UA', 'AA'),
    sightingDistincts('UA', 'AA'),
  )
  .map(({ sql }) => ({ sql, of: views, analyse: createAnalyser(views) }));

test('statements are answered in the turn that is known when every placement is judged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(flightsAsked, viewsAsked), contexts, async ({ sql, of, analyse }, more) => {
      const statement = await analyse(sql);
      const plan = unlessRefused(() => planRead(statement, of, planContext(more)));
      const first = plan?.chosen;
      const inTurn = plan === undefined ? [] : [...plan.inTurn];
      const qualified = (plan?.considered ?? []).filter((candidate) => candidate.qualifies);

      expect(inTurn).toEqual(qualified.toSorted((a, b) => a.cost - b.cost));
      expect(first).toBe(inTurn[0]);
    }),
    { numRuns: 500 },
  );
});

test('no placement costs less than it is said to before it is judged', async () => {
  const judged = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(viewsAsked, contexts, async ({ sql, analyse }, more) => {
      const { statement, reads } = await analyse(sql);
      const asked = readAsked(withTenant(readSelect(statement, reads, []), 'UA'));

      for (const { atLeast, judged: judge } of nativeProspects(asked, planContext(more)))
        for (const candidate of judge()) {
          if (!candidate.qualifies) continue;
          judged.set(candidate.placement, (judged.get(candidate.placement) ?? 0) + 1);
          expect(candidate.cost).toBeGreaterThanOrEqual(atLeast);
        }
    }),
    { numRuns: 1_500 },
  );

  expect([...judged.keys()].sort()).toEqual([
    'none',
    'sighting.board',
    'sighting.byPlace',
    'sighting.byTime',
    'sighting.found',
    'sighting.history',
    'sighting.hourly',
    'sighting.logged',
    'sighting.source',
    'sighting.source.byKind',
    'sighting.source.byWings',
  ]);
});

function unlessRefused(plan: () => ReadPlan): ReadPlan | undefined {
  try {
    return plan();
  } catch (error) {
    if (error instanceof PolystoreError) return undefined;
    throw error;
  }
}
