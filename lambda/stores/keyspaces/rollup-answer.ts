import type { Row, Value } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { groupedValue } from '../grouping.ts';
import { placementName } from '../placement.ts';
import type { Aggregate, AggregateFragment, AggregateGroup } from '../store.ts';
import type { RollupPlan } from './rollup.ts';
import { mergeTotals, noTotals, type Totals } from './totals.ts';

/** What a rollup holds of one metric and hour. */
export interface Bucket {
  /** Name of the metric. */
  readonly metric: string;
  /** `2013-01-01T10` */
  readonly hour: string;
  readonly totals: Totals;
}

/**
 * Adds buckets of the plan's metrics up to what a fragment asks for.
 * @throws `result_too_large` above the fragment's number of groups.
 */
export function answerRollup(
  fragment: AggregateFragment,
  plan: RollupPlan,
  buckets: readonly Bucket[],
): readonly Row[] {
  const groups = new Map<string, { readonly head: Row; readonly byMetric: Map<string, Totals> }>();
  // Without groups all rows are one, be there any or not.
  if (fragment.groups.length === 0) groups.set('[]', { head: {}, byMetric: new Map() });
  for (const { metric, hour, totals } of buckets) {
    if (hour < plan.fromHour || hour >= plan.toHour || totals.count === null) continue;
    const head = Object.fromEntries(
      fragment.groups.map((group) => [group.as, groupValue(group, plan, hour)]),
    );
    const id = JSON.stringify(Object.values(head));
    const group = groups.get(id) ?? { head, byMetric: new Map<string, Totals>() };
    groups.set(id, group);
    group.byMetric.set(metric, mergeTotals(group.byMetric.get(metric) ?? noTotals, totals));
  }
  if (groups.size > fragment.maxGroups)
    throw new PolystoreError(
      'result_too_large',
      `The totals of ${placementName(fragment.placement)} have ${groups.size} groups, and at most ${fragment.maxGroups} were allowed. Group by longer times, or ask for fewer of them.`,
    );
  return [...groups.values()].map(({ head, byMetric }) => ({
    ...head,
    ...Object.fromEntries(
      fragment.aggregates.map((aggregate, index) => [
        aggregate.as,
        totalOf(aggregate, byMetric.get(plan.metricOf[index]?.name ?? '') ?? noTotals),
      ]),
    ),
  }));
}

/** A fixed value, or the first instant of the time that an hour lies in. */
const groupValue = (group: AggregateGroup, { fixed }: RollupPlan, hour: string): Value =>
  group.unit === 'value'
    ? (fixed.get(group.column.name) ?? null)
    : groupedValue(group, `${hour}:00:00.000000Z`);

function totalOf({ function: of }: Aggregate, { count, sum, minimum, maximum }: Totals): Value {
  switch (of) {
    case 'count':
      return String(count ?? 0n);
    case 'sum':
      return sum === null ? null : String(sum);
    case 'min':
      return minimum;
    case 'max':
      return maximum;
    case 'count distinct':
      throw new PolystoreError('internal', 'A rollup was planned for what it does not hold.');
  }
}
