import { columnOf } from '../model/index.ts';
import type { AggregateFragment, FilterFragment, Placement } from '../stores/store.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import { conditionColumns } from './condition-columns.ts';
import { limits } from './limits.ts';
import {
  type Candidate,
  columnsNeeded,
  type PlanContext,
  type Qualified,
  rowsWanted,
  type TokenUse,
} from './plan.ts';
import type { Select } from './read-select.ts';
import { columnOrder, type SimpleSelect } from './select-shape.ts';

/**
 * What a store that filters is asked for: all conditions, the order, and as many rows as suffice. Undefined
 * where that is more than may be read.
 */
function filterOf(
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

/** What a store that filters and adds up says of itself, once nothing stands in the way. */
export interface SelectionOffer extends Pick<Qualified, 'placement' | 'engine'> {
  readonly target: Placement;
  readonly token: TokenUse;
  /** Whether the store stops at the limit of the fragment, so that it says how many rows are read. */
  readonly stopsAtLimit: boolean;
  readonly rows: Offer;
  readonly groups: Offer;
}
type Offer = Pick<Qualified, 'why' | 'cost'>;

/** The candidate that reads what a select asks for by its conditions: groups added up there, or rows. */
export function candidateOf(
  select: Select,
  { target, token, stopsAtLimit, rows, groups, ...base }: SelectionOffer,
  context: PlanContext,
): Candidate {
  if (select.kind === 'aggregate')
    return {
      ...base,
      ...groups,
      qualifies: true,
      kind: 'aggregate',
      estimatedReads: undefined,
      route: { kind: 'aggregate', select, fragment: totalsOf(select, target), token },
    };
  const fragment = filterOf(select, target, context);
  if (fragment === undefined)
    return {
      ...base,
      qualifies: false,
      why: `limit and offset reach beyond ${limits.sliceRows} rows; ask for fewer`,
    };
  return {
    ...base,
    ...rows,
    qualifies: true,
    kind: 'filter',
    estimatedReads: stopsAtLimit && select.limit !== undefined ? fragment.limit : undefined,
    route: { kind: 'native', select, placement: target, fragments: [fragment], enough: undefined, token },
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
