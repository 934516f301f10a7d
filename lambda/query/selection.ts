import { columnOf } from '../model/index.ts';
import type { AggregateFragment, FilterFragment, Placement } from '../stores/store.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import { conditionColumns } from './condition-columns.ts';
import { limits } from './limits.ts';
import { columnsNeeded, type PlanContext, rowsWanted } from './plan.ts';
import type { Select } from './read-select.ts';
import { columnOrder, type SimpleSelect } from './select-shape.ts';

/**
 * What a store that filters is asked for: all conditions, the order, and as many rows as suffice. Undefined
 * where that is more than may be read.
 */
export function filterOf(
  select: SimpleSelect,
  placement: Placement,
  context: PlanContext,
): FilterFragment | undefined {
  const { where, match } = select;
  const byColumns = columnOrder(select.order);
  const [first, ...further] = select.order;
  // Further columns order rows of the same score here, for which all that match have to be read.
  const inOrder = byColumns !== undefined || (further.length === 0 && first?.descending === true);
  const wanted = rowsWanted(select, context);
  if (inOrder && wanted > limits.sliceRows + 1) return undefined;
  return {
    kind: 'filter',
    placement,
    where,
    match,
    order: byColumns ?? 'score',
    highlight: select.output.flatMap((output) => (output.kind === 'highlight' ? [output.column.name] : [])),
    limit: inOrder ? wanted : limits.sliceRows + 1,
  };
}

/** What a store that adds groups up is asked for. */
export const totalsOf = (
  { where, match, groups, aggregates }: AggregateSelect,
  placement: Placement,
): AggregateFragment => ({ placement, where, match, groups, aggregates, maxGroups: limits.groups });

/** The columns whose values groups are made of, besides those of the conditions. */
export const columnsOfGroups = ({ groups, aggregates }: AggregateSelect): readonly string[] =>
  [...groups, ...aggregates].flatMap(({ column }) => (column === undefined ? [] : [column.name]));

/** The columns that a select needs from a store that applies its conditions. */
export const columnsSelected = (select: Select): Iterable<string> =>
  select.kind === 'rows'
    ? columnsNeeded(select, conditionColumns(select.where))
    : [...columnsOfGroups(select), ...conditionColumns(select.where)];

/** A column of JSON among these, which no index orders or compares. */
export const jsonAmong = ({ entity }: Select, columns: Iterable<string>): string | undefined =>
  [...columns].find((name) => columnOf(entity, name).type.kind === 'json');
