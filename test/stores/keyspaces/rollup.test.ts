import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../../lambda/change/change.ts';
import { type CatalogMetric, type Comparison, columnOf, termValue } from '../../../lambda/model/index.ts';
import { planRollup, rollupOf } from '../../../lambda/stores/keyspaces/rollup.ts';
import { answerRollup, type Bucket } from '../../../lambda/stores/keyspaces/rollup-answer.ts';
import { addUp } from '../../../lambda/stores/keyspaces/totals.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import type { Condition } from '../../../lambda/stores/predicate.ts';
import type { AggregateFragment } from '../../../lambda/stores/store.ts';
import { contractCatalog, placementOf, upsert } from '../contract-model.ts';
import { aggregateOf, readingRow, sortedText } from './readings.ts';

const catalog = contractCatalog('rollups');
const rollup = placementOf(catalog, 'reading.hourly');
const { entity } = rollup;
const compare = (name: string, operator: Comparison, value: string | number): Condition => ({
  kind: 'compare',
  column: columnOf(entity, name),
  operator,
  value,
});
const tenant = compare('tenant', '=', 'acme');
const from = compare('at', '>=', '2013-01-01T10:00:00.000000Z');
const to = compare('at', '<', '2013-03-02T00:00:00.000000Z');
const cold = compare('kind', '=', 'cold');
const count = { as: 'n', function: 'count', column: undefined } as const;
const degrees = columnOf(entity, 'degrees');
const sum = { as: 'sum', function: 'sum', column: degrees } as const;

const fragmentOf = (parts: Partial<AggregateFragment>): AggregateFragment =>
  aggregateOf(rollup, { where: [tenant, from, to], aggregates: [count], ...parts });

describe('the plan of a rollup', () => {
  test('counts by the tenant, full hours and what a metric counts', () => {
    expect(
      planRollup(fragmentOf({ where: [tenant, { kind: 'and', of: [from, to, cold] }], aggregates: [sum] })),
    ).toMatchObject({
      kind: 'answered',
      tenant: 'acme',
      months: ['2013-01', '2013-02', '2013-03'],
      fromHour: '2013-01-01T10',
      toHour: '2013-03-02T00',
      metrics: [{ name: 'cold' }],
      metricOf: [{ name: 'cold' }],
    });
  });

  test('takes bounds on either side of a full hour for that hour', () => {
    const where = [
      tenant,
      compare('at', '>', '2013-01-01T09:59:59.999999Z'),
      compare('at', '<=', '2013-01-31T23:59:59.999999Z'),
      { kind: 'in', column: columnOf(entity, 'kind'), values: ['warm'] } as const,
    ];

    expect(planRollup(fragmentOf({ where }))).toMatchObject({
      months: ['2013-01'],
      fromHour: '2013-01-01T10',
      toHour: '2013-02-01T00',
      metrics: [{ name: 'warm' }],
    });
  });

  test.each([
    ['no tenant', { where: [from, to] }, 'tenant, which no condition fixes'],
    ['no end', { where: [tenant, from] }, 'needs a range of at'],
    [
      'a part of an hour',
      { where: [tenant, to, compare('at', '>=', '2013-01-01T10:30:00.000000Z')] },
      'full hours',
    ],
    [
      'too many months',
      { where: [tenant, to, compare('at', '>=', '1913-01-01T00:00:00.000000Z')] },
      '240 months',
    ],
    [
      'a condition that no metric counts by',
      { where: [tenant, from, to, compare('degrees', '=', 3)] },
      'no metric counts by degrees = 3',
    ],
    [
      'a condition that is no equality',
      { where: [tenant, from, to, compare('degrees', '>', 3)] },
      'cannot apply a condition on degrees',
    ],
    [
      'one instant',
      { where: [tenant, compare('at', '=', '2013-01-01T10:00:00.000000Z')] },
      'cannot apply a condition on at',
    ],
    ['two tenants', { where: [tenant, compare('tenant', '=', 'other'), from, to] }, 'two values at once'],
    ['a sum that is not kept', { aggregates: [sum] }, 'no metric gives sum(degrees) by nothing but time'],
    [
      'a count of rows where values are counted',
      { where: [tenant, from, to, cold], aggregates: [count] },
      'no metric gives count(*)',
    ],
    [
      'a group by a column',
      { groups: [{ as: 'kind', column: columnOf(entity, 'kind'), unit: 'value' }] },
      'no groups by kind',
    ],
    [
      'a group by the instant',
      { groups: [{ as: 'at', column: columnOf(entity, 'at'), unit: 'value' }] },
      'no groups by at',
    ],
    ['words', { match: [{ column: 'kind', words: 'cold' }] }, 'no texts'],
  ] as const)('refuses %s, and says why', (_, parts, reason) => {
    expect(planRollup(fragmentOf(parts as Partial<AggregateFragment>))).toEqual({
      kind: 'refused',
      reason: expect.stringContaining(reason),
    });
  });

  test('is of rollups only', () => {
    expect(() => rollupOf(placementOf(catalog, 'reading.byHour'))).toThrow(/keyspaces.table/);
  });
});

describe('the answer of a rollup', () => {
  const rows = fc.array(
    fc.record({
      hour: fc.integer({ min: 0, max: 9 }),
      minute: fc.integer({ min: 0, max: 59 }),
      kind: fc.constantFrom('warm', 'cold'),
      degrees: fc.option(fc.integer({ min: -5, max: 5 }), { nil: null }),
    }),
    { maxLength: 30 },
  );
  const asked = fc.record({
    where: fc.constantFrom([], [cold], [compare('kind', '=', 'warm')]),
    unit: fc.constantFrom(undefined, 'hour' as const, 'day' as const, 'month' as const),
    fixed: fc.boolean(),
    first: fc.integer({ min: 0, max: 9 }),
    last: fc.integer({ min: 0, max: 10 }),
  });

  test('is that of the rows themselves, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(rows, asked, async (parts, { where, unit, fixed, first, last }) => {
        // The ten hours lie around the end of a month.
        const held = parts.map((part, index) => readingRow({ ...part, id: index }));
        const reference = createMemoryStore({ clock: () => 0 });
        const byHour = placementOf(catalog, 'reading.byHour');
        await reference.apply(
          byHour,
          held.map((row) => upsert(entity, row, 1)),
        );
        const isCold = where[0] === cold;
        const question = aggregateOf(rollup, {
          where: [tenant, compare('at', '>=', hourAt(first)), compare('at', '<', hourAt(last)), ...where],
          groups: [
            ...(unit === undefined ? [] : [{ as: 'time', column: columnOf(entity, 'at'), unit }]),
            ...(fixed ? [{ as: 'who', column: columnOf(entity, 'tenant'), unit: 'value' as const }] : []),
          ],
          aggregates: isCold
            ? (['count', 'sum', 'min', 'max'] as const).map((of) => ({
                as: of,
                function: of,
                column: degrees,
              }))
            : [count],
        });
        const plan = planRollup(question);
        if (plan.kind === 'refused') throw new TypeError(plan.reason);

        const found = answerRollup(question, plan, bucketsOf(held, plan.metrics));

        expect(sortedText(found)).toEqual(
          sortedText(await reference.aggregate({ ...question, placement: byHour })),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('refuses more groups than were allowed', () => {
    const held = [0, 1].map((hour) => readingRow({ hour, minute: 0, kind: 'warm', degrees: null, id: hour }));
    const question = fragmentOf({
      where: [tenant, compare('at', '>=', hourAt(0)), compare('at', '<', hourAt(9))],
      groups: [{ as: 'hour', column: columnOf(entity, 'at'), unit: 'hour' }],
      maxGroups: 1,
    });
    const plan = planRollup(question);
    if (plan.kind === 'refused') throw new TypeError(plan.reason);

    expect(() => answerRollup(question, plan, bucketsOf(held, plan.metrics))).toThrow(/have 2 groups/);
  });
});

const hourAt = (hour: number): string =>
  String(readingRow({ hour, minute: 0, kind: 'warm', degrees: null, id: 0 }).at);

/** What the store keeps of these rows: each hour with any of them, of some metrics. */
const bucketsOf = (rows: readonly Row[], metrics: readonly CatalogMetric[]): readonly Bucket[] => {
  const hours = new Set(rows.map((row) => termValue('hour', row.at ?? null)));
  return metrics.flatMap((metric) =>
    [...hours].map((hour) => ({
      metric: metric.name,
      hour,
      totals: addUp(
        entity,
        metric,
        rows.filter((row) => termValue('hour', row.at ?? null) === hour).map((row) => ({ row })),
      ),
    })),
  );
};
