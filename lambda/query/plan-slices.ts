import type { Row } from '../change/change.ts';
import type { CatalogTerm } from '../model/index.ts';
import type { Placement, SliceFragment } from '../stores/store.ts';
import { boundsOf, type Domains, isOnlyNotNull } from './domain.ts';
import { limits } from './limits.ts';
import { isSettled, locate } from './locate.ts';
import { type PlanContext, rowsWanted } from './plan.ts';
import type { SimpleSelect } from './select-shape.ts';

/** Something whose rows lie in partitions: a table, one of its indexes, a view. */
export interface SliceSource {
  readonly placement: Placement;
  readonly index: string | undefined;
  /** What fixes a partition. */
  readonly terms: readonly CatalogTerm[];
  /** The column whose order the rows of a partition have, if it is one. */
  readonly sort: string | undefined;
  /** Columns without whose values a row is not there. */
  readonly present: readonly string[];
}

export type Slices =
  | { readonly kind: 'unlocated'; readonly why: string }
  | {
      readonly kind: 'located';
      readonly fragments: readonly SliceFragment[];
      /** See `NativeRoute.enough`. */
      readonly enough: number | undefined;
      /** Whether only a part of each partition is read. */
      readonly narrow: boolean;
      /** Whether the store itself gives the rows in order and no others, so that a limit can be sent to it. */
      readonly pushes: boolean;
      /** Rows that the statement's own limit lets in of each partition. */
      readonly rowsEach: number | undefined;
    };

/** The parts of partitions that hold every row a select asks for, with as much of its order and limit as they can. */
export function planSlices(
  source: SliceSource,
  select: SimpleSelect,
  domains: Domains,
  context: PlanContext,
): Slices {
  const { placement, index, terms, sort, present } = source;
  const located = locate(terms, domains, context.mostSlices);
  if (located.kind === 'unlocated') return located;
  const bounds = boundsOf(sort === undefined ? undefined : domains.byColumn.get(sort));
  const settled = new Set(located.settled);
  if (sort !== undefined && bounds.exact) settled.add(sort);
  for (const [name, domain] of domains.byColumn) {
    if (isOnlyNotNull(domain) && (!domain.column.optional || present.includes(name))) settled.add(name);
  }
  const [first, ...further] = select.order;
  const ordered =
    first === undefined || (further.length === 0 && first.kind === 'column' && first.column.name === sort);
  const pushes = ordered && isSettled(domains, settled);
  const limit = pushes ? Math.min(rowsWanted(select, context), limits.sliceRows + 1) : undefined;
  const bounded = limit !== undefined && select.limit !== undefined;
  const descending = ordered && first?.descending === true;
  const inTurn =
    first === undefined ? located.partitions : partitionsInTurn(source, located.partitions, descending);
  return {
    kind: 'located',
    fragments: (inTurn ?? located.partitions).map((equal) => ({
      kind: 'slice',
      placement,
      index,
      equal,
      from: bounds.from,
      to: bounds.to,
      order: descending ? 'descending' : 'ascending',
      limit: limit ?? limits.sliceRows + 1,
    })),
    enough: inTurn === undefined ? undefined : limit,
    narrow: bounded || bounds.from !== undefined || bounds.to !== undefined,
    pushes,
    rowsEach: bounded ? limit : undefined,
  };
}

/**
 * Partitions in such an order that all rows of one come before those of the next: those of the hours, days
 * or months of the column that rows are ordered by. Undefined where they differ in something else.
 */
function partitionsInTurn(
  { terms, sort }: SliceSource,
  partitions: readonly Row[],
  descending: boolean,
): readonly Row[] | undefined {
  const differing = terms.filter(
    ({ column }) => new Set(partitions.map((partition) => partition[column])).size > 1,
  );
  if (differing.some(({ column, unit }) => column !== sort || unit === 'value')) return undefined;
  const start = (partition: Row): string => String(partition[sort ?? '']);
  const sign = descending ? -1 : 1;
  // Canonical times of one column have the order of their texts.
  return partitions.toSorted((a, b) => (start(a) === start(b) ? 0 : start(a) < start(b) ? -sign : sign));
}

/** `carrier, the day of scheduled_at` */
export const sayTerms = (terms: readonly CatalogTerm[]): string =>
  terms.map(({ column, unit }) => (unit === 'value' ? column : `the ${unit} of ${column}`)).join(', ');
