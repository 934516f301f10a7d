import { type CatalogColumn, columnOf, isOpaque } from '../model/index.ts';
import { conditionColumns } from '../stores/condition-columns.ts';
import type { AggregateFragment, FilterFragment, Placement } from '../stores/store.ts';
import type { AggregateSelect } from './aggregate-shape.ts';
import { limits } from './limits.ts';
import { narrows } from './narrows.ts';
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
import { columnsOfTop, type TopSelect } from './top-shape.ts';

/** What a store that filters is asked for: all conditions, the order, and as many rows as suffice. */
interface Filtering {
  readonly fragment: FilterFragment;
  /** See `NativeRoute.inPages`. */
  readonly inPages: boolean;
}

/** @returns undefined where the statement's own limit and offset reach further than may be read */
function filterOf(
  select: SimpleSelect,
  { target: placement, pages }: Pick<SelectionOffer, 'target' | 'pages'>,
  context: PlanContext,
): Filtering | undefined {
  const { where, match } = select;
  const isByDistance = select.order.some(({ kind }) => kind === 'distance');
  // Distances are ordered by here, for which all that meet the conditions have to be read.
  const byColumns = isByDistance ? [] : columnOrder(select.order);
  const [first, ...further] = select.order;
  // Further columns order rows of the same score here, for which all that match have to be read.
  const inOrder =
    !isByDistance && (byColumns !== undefined || (further.length === 0 && first?.descending === true));
  const wanted = rowsWanted(select, context);
  // All of a view may be read where somebody wrote how much that is, or allowed it.
  const isBounded = select.limit !== undefined || narrows(select) || context.scan === 'allowed';
  const inPages = pages && inOrder && isBounded && wanted <= limits.pagedRows + 1;
  const most = (inPages ? limits.pagedRows : limits.sliceRows) + 1;
  if (inOrder && select.limit !== undefined && wanted > most) return undefined;
  const fragment: FilterFragment = {
    kind: 'filter',
    placement,
    columns: wantedOf(select),
    where,
    match,
    order: byColumns ?? 'score',
    highlight: select.output.flatMap((output) => (output.kind === 'highlight' ? [output.column.name] : [])),
    limit: inOrder ? Math.min(wanted, most) : most,
  };
  return { fragment, inPages };
}

/** What a store that filters and adds up says of itself, once nothing stands in the way. */
export interface SelectionOffer extends Pick<Qualified, 'placement' | 'engine'> {
  readonly target: Placement;
  readonly token: TokenUse;
  /** Whether the store stops at the limit of the fragment, so that it says how many rows are read. */
  readonly stopsAtLimit: boolean;
  /** Whether the store gives rows a page at a time. */
  readonly pages: boolean;
  /** Whether it reads all that it has. */
  readonly scans: boolean;
  readonly rows: Offer;
  readonly groups: Offer;
}
type Offer = Pick<Qualified, 'why' | 'cost'>;

/** The candidate that reads what a select asks for by its conditions: groups added up there, or rows. */
export function candidateOf(
  select: Select,
  { target, token, stopsAtLimit, pages, scans, rows, groups, ...base }: SelectionOffer,
  context: PlanContext,
): Candidate {
  if (select.kind === 'top') return topOf(select, { ...base, target, token, pages, groups });
  if (select.kind === 'aggregate')
    return {
      ...base,
      ...groups,
      qualifies: true,
      kind: scans ? 'scan' : 'aggregate',
      estimatedReads: undefined,
      route: { kind: 'aggregate', select, fragment: totalsOf(select, target), token },
    };
  const filter = filterOf(select, { target, pages }, context);
  if (filter === undefined)
    return {
      ...base,
      qualifies: false,
      why: `limit and offset reach beyond ${pages ? limits.pagedRows : limits.sliceRows} rows; ask for fewer`,
    };
  const { fragment, inPages } = filter;
  return {
    ...base,
    ...rows,
    qualifies: true,
    kind: scans ? 'scan' : 'filter',
    estimatedReads: stopsAtLimit && select.limit !== undefined ? fragment.limit : undefined,
    route: {
      ...{ kind: 'native', select, placement: target, fragments: [fragment], enough: undefined, token },
      ...(inPages && { inPages }),
    },
  };
}

/** The candidate that gives the first rows of groups, where the store does. */
function topOf(
  select: TopSelect,
  { target, token, pages, groups, ...base }: Omit<SelectionOffer, 'stopsAtLimit' | 'scans' | 'rows'>,
): Candidate {
  const refused = (why: string): Candidate => ({ ...base, qualifies: false, why });
  if (!pages) return refused('it gives no first rows of groups');
  const { where, match, by, within, count } = select;
  if (count > limits.topRows) return refused(`it gives the first ${limits.topRows} rows of groups at most`);
  if (by.length === 0) return refused('all rows are one group; order them, with a limit');
  return {
    ...base,
    ...groups,
    qualifies: true,
    kind: 'top',
    estimatedReads: undefined,
    route: {
      kind: 'top',
      select,
      fragment: {
        ...{ placement: target, columns: wantedOf(select), where, match, by, count },
        order: within.map(({ column, descending, nullsFirst }) => ({ column, descending, nullsFirst })),
        maxRows: limits.sliceRows,
      },
      token,
    },
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
export function columnsSelected(select: Select): ReadonlySet<string> {
  const conditions = conditionColumns(select.where);
  if (select.kind === 'rows') return columnsNeeded(select, conditions);
  return new Set([
    ...(select.kind === 'top' ? columnsOfTop(select) : columnsOfGroups(select)),
    ...conditions,
  ]);
}

/** The same, as a store is asked for them. */
function wantedOf(select: Select): readonly CatalogColumn[] {
  const names = columnsSelected(select);
  return select.entity.columns.filter(({ name }) => names.has(name));
}

/** A column of JSON or bytes among these, which no index orders or compares. */
export const opaqueAmong = ({ entity }: Select, columns: Iterable<string>): string | undefined =>
  [...columns].find((name) => isOpaque(columnOf(entity, name).type));
