import type { KeyspacesRollupPlacement, KeyspacesTablePlacement } from '../model/index.ts';
import { planRollup } from '../stores/keyspaces/rollup.ts';
import type { Placement } from '../stores/store.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import type { Asked } from './asked.ts';
import type { Domains } from './domain.ts';
import { type Candidate, costs, type PlanContext, readsMoreThanItAnswers } from './plan.ts';
import { planSlices, sayTerms } from './plan-slices.ts';
import type { SimpleSelect } from './select-shape.ts';
import { totalsOf } from './selection.ts';
import { tokenRowsOf, viewObstacle } from './view-obstacle.ts';

/** Judges one wide table for a select: a key, or slices of its partitions. */
export function planWideTable(
  { select, domains, keys: given, needed }: Asked<SimpleSelect>,
  view: KeyspacesTablePlacement,
  context: PlanContext,
): Candidate {
  const { entity } = select;
  const base = { placement: `${entity.name}.${view.name}`, engine: 'keyspaces' } as const;
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  const obstacle = viewObstacle({ entity, view, needed, domains }, context);
  if (obstacle !== undefined) return refused(obstacle);

  const placement: Placement = { entity, target: view };
  const native = { kind: 'native', select, placement, token: 'versions' } as const;
  const located = [...view.by.map(({ column }) => column), view.order.column];
  const keys = located.every((column) => entity.key.includes(column)) ? given : undefined;
  if (keys !== undefined)
    return {
      ...base,
      qualifies: true,
      kind: 'key look-up',
      why: `the whole key is given: ${keys.length} row(s) of a wide table`,
      cost: costs.keyspacesKey,
      estimatedReads: keys.length,
      route: { ...native, fragments: [{ kind: 'keys', placement, keys }], enough: undefined },
    };

  const source = { placement, index: undefined, terms: view.by, sort: view.order.column, present: [] };
  const slices = planSlices(source, select, domains, context);
  if (slices.kind === 'unlocated') return refused(slices.why);
  const { fragments, enough, narrow, rowsEach } = slices;
  const count = fragments.length * view.subBuckets;
  const inTurn = enough !== undefined && fragments.length > 1;
  return {
    ...base,
    qualifies: true,
    kind: 'slice',
    why: `${sayTerms(view.by)} give ${count} partition(s) of a wide table${
      inTurn ? `, read in turn until there are enough rows` : narrow ? ', of which a part is read' : ''
    }`,
    // Of several tables the one that reads fewer partitions.
    cost: costs.keyspacesSlice + (narrow ? 0 : readsMoreThanItAnswers) + count / 10_000,
    estimatedReads: rowsEach === undefined ? undefined : inTurn ? rowsEach : rowsEach * fragments.length,
    route: { ...native, fragments, enough },
  };
}

/** Judges one rollup for totals by time. */
export function planTotals(
  select: AggregateSelect,
  view: KeyspacesRollupPlacement,
  domains: Domains,
  context: PlanContext,
): Candidate {
  const { entity } = select;
  const base = { placement: `${entity.name}.${view.name}`, engine: 'keyspaces' } as const;
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  if (context.freshness === 'strong')
    return refused('a view follows its source: freshness 0 wants the source');
  const fragment = totalsOf(select, { entity, target: view });
  const plan = planRollup(fragment);
  if (plan.kind === 'refused') return refused(plan.reason);
  // A total does not say which rows are in it.
  const late = tokenRowsOf(entity, domains, context.token.rows).length;
  if (late > 0 || (entity.source.kind === 'aurora.source' && context.token.aurora !== undefined))
    return refused(
      `totals do not say whether the ${late} row(s) of the token are in them; ask without the token`,
    );
  const partitions = plan.months.length * plan.metrics.length;
  return {
    ...base,
    qualifies: true,
    kind: 'aggregate',
    why: `totals by the hour of ${plan.metrics.map(({ name }) => name).join(', ')}, ${plan.months.length} month(s): ${partitions} partition(s)`,
    cost: costs.keyspacesTotals,
    estimatedReads: undefined,
    route: { kind: 'aggregate', select, fragment, token: 'none' },
  };
}
