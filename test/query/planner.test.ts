import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PolystoreError } from '../../lambda/errors.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { planRead, type ReadPlan } from '../../lambda/query/plan-read.ts';
import { keepTime, planTime } from '../../lambda/query/plan-time.ts';
import { createPlanner, type PlanRequest } from '../../lambda/query/planner.ts';
import { Ranking } from '../../lambda/query/ranking.ts';
import { noParts } from '../../lambda/query/tokens.ts';
import { catalog } from './harness.ts';
import { selects } from './statements.ts';

const analyse = createAnalyser(catalog);
const noon = Date.parse('2013-01-02T12:00:00Z');
const unreadyIndexes = new Set<string>();
const asked = (more: Partial<PlanRequest> = {}): PlanRequest => ({
  ...{
    tenant: 'UA',
    params: [],
    freshness: 'default',
    maxRows: 1_000,
    workload: undefined,
    scan: 'refused',
    partial: false,
  },
  ...{ token: noParts, unreadyIndexes, nowMs: noon, validUntilMs: noon + 10_000 },
  ...more,
});

/** What is judged or made when it is asked for, in full: what is planned for each table of several is in it too. */
const judged = (_: string, value: unknown): unknown => {
  if (value instanceof Ranking) return [...value];
  return value instanceof Object && 'render' in value && 'statement' in value
    ? { ...value, statement: value.statement }
    : value;
};

/** A plan as values, or why there is none. */
function outcome(plan: () => ReadPlan): unknown {
  try {
    const { class: kind, chosen, qualified, considered } = plan();
    return JSON.parse(JSON.stringify({ kind, chosen, qualified, considered }, judged));
  } catch (error) {
    if (error instanceof PolystoreError) return [error.code, error.message];
    throw error;
  }
}

const hours = 3_600_000;
const request = fc
  .record({
    tenant: fc.constantFrom('UA', 'DL', undefined),
    freshness: fc.constantFrom('default' as const, 'strong' as const),
    scan: fc.constantFrom('refused' as const, 'allowed' as const),
    maxRows: fc.constantFrom(2, 1_000),
    partial: fc.boolean(),
    // Back and forth over when rows of the board and the leaderboard expire.
    nowMs: fc.integer({ min: 0, max: 60 }).map((days) => noon + days * 12 * hours),
    timeoutMs: fc.constantFrom(1_000, 25_000),
  })
  .map(({ timeoutMs, nowMs, ...more }) => asked({ ...more, nowMs, validUntilMs: nowMs + timeoutMs }));

describe('the planner', () => {
  test('plans as if it remembered nothing, whoever asks what at whatever time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(selects('UA', 'DL'), { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(2), request), { minLength: 2, maxLength: 12 }),
        async (texts, requests) => {
          const plan = createPlanner(catalog);
          const statements = await Promise.all(texts.map(analyse));
          for (const [pick, one] of requests) {
            const statement = statements[pick % statements.length] ?? (await analyse(texts[0] ?? ''));
            const { nowMs, validUntilMs, ...context } = one;
            const anew = { ...context, time: planTime({ nowMs, validUntilMs }) };

            expect(outcome(() => plan(statement, one))).toEqual(
              outcome(() => planRead(statement, catalog, anew)),
            );
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('gives the plan that it made where nothing that it depends on has changed', async () => {
    const plan = createPlanner(catalog);
    const statement = await analyse('select * from flight where flight_number = $1');
    const first = plan(statement, asked({ params: [7] }));

    expect(plan(statement, asked({ params: [7], nowMs: noon + 1, validUntilMs: noon + 10_001 }))).toBe(first);
    expect(plan(statement, asked({ params: [8] }))).not.toBe(first);
    expect(plan(statement, asked({ params: ['7'] }))).not.toBe(first);
    expect(plan(statement, asked({ params: [7], tenant: 'DL' }))).not.toBe(first);
    expect(plan(statement, asked({ params: [7], token: { aurora: 1n, rows: [] } }))).not.toBe(first);
  });
});

describe('the time of a plan that is kept', () => {
  const moment = (ms: number) => ({ nowMs: ms, validUntilMs: ms });

  test('holds from what was reached until before what was not', () => {
    const time = keepTime(moment(100));
    time.reaches(80);
    time.reaches(120);

    expect([79, 80, 119, 120].map((ms) => time.moveTo(moment(ms)))).toEqual([false, true, true, false]);
  });

  test('holds for no other moment once it was asked what time it is', () => {
    const time = keepTime(moment(100));
    expect(time.now()).toBe('1970-01-01T00:00:00.100000Z');

    expect(time.moveTo(moment(100))).toBe(false);
  });

  test('answers what is asked later by the latest moment that it was moved to', () => {
    const time = keepTime(moment(100));
    time.moveTo(moment(200));
    time.moveTo(moment(150));

    expect(time.reaches(180)).toBe(true);
  });
});
