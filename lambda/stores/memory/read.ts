import type { Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { arrange, filterOrder, sliceOrder } from '../arrange.ts';
import {
  isShown,
  knownPlace,
  notHeld,
  pickColumns,
  placementName,
  rowId,
  viewOf,
  wantedColumns,
} from '../placement.ts';
import { createPredicate } from '../predicate.ts';
import { inPartition, sliceColumns, sliceShape } from '../slice.ts';
import type {
  FilterFragment,
  KeysFragment,
  Placement,
  Selection,
  SliceFragment,
  TopFragment,
  VersionedRow,
} from '../store.ts';
import { identityOf } from '../value-order.ts';
import type { Held, Rows } from './rows.ts';

/** Rows that a reader may see: there, not expired, and with a place in the view. */
export function visible(
  placement: Placement,
  held: Held,
  nowMs: number,
): held is Held & { readonly row: Row } {
  return held.row !== undefined && isShown(placement, held.row, nowMs);
}

/** What is held of a key, highest version first: where the key says its place, there only. */
export function heldOf(placement: Placement, key: Row, rows: Rows): readonly Held[] {
  const held = rows.of(rowId(placement, key));
  if (held.length === 0) return held;
  const place = knownPlace(placement, key);
  return held
    .filter((each) => place === undefined || each.place === place)
    .sort((a, b) => (a.version > b.version ? -1 : 1));
}

export function readKeys(
  { placement, keys }: KeysFragment,
  rows: Rows,
  nowMs: number,
): readonly VersionedRow[] {
  const asked = new Map(
    keys.map((key) => [`${rowId(placement, key)} ${knownPlace(placement, key) ?? ''}`, key]),
  );
  return [...asked.values()].flatMap((key) => {
    const found = heldOf(placement, key, rows).filter((held) => visible(placement, held, nowMs));
    // In two places at once it is only for a moment, on its way from one to the other.
    return found.slice(0, 1);
  });
}

export function readSlice(fragment: SliceFragment, rows: Rows, nowMs: number): readonly VersionedRow[] {
  const { placement } = fragment;
  const shape = sliceShape(fragment);
  const members = [...rows.all()]
    .filter((held) => visible(placement, held, nowMs))
    .filter(({ row }) => inPartition(fragment, shape, row))
    .filter(({ row }) => !shape.sparse || shape.sort.every(({ name }) => row[name] !== null));
  const view = viewOf(placement);
  if (view?.kind !== 'redis.sortedSet' || view.limit === undefined) {
    const columns = sliceColumns(fragment);
    return arrange(fragment, shape, members).map(({ row, version }) => ({
      row: pickColumns(columns, row),
      version,
    }));
  }
  // The limit of a view counts from its highest row, whatever the caller's bounds and order are.
  const highest = members.sort(sliceOrder(placement, shape)).slice(-view.limit);
  return arrange(fragment, shape, highest);
}

/**
 * The rows that a filter or an aggregate is about.
 * @throws `not_supported` for words: there is no search engine here.
 */
export function select(
  { placement, where, match }: Selection,
  rows: Rows,
  nowMs: number,
): readonly VersionedRow[] {
  if (match.length > 0) throw notHeld('The memory store', placement, 'match words in');
  const predicates = where.map(createPredicate);
  return [...rows.all()]
    .filter((held) => visible(placement, held, nowMs))
    .filter(({ row }) => predicates.every((holds) => holds(row) === true));
}

export function readFilter(fragment: FilterFragment, rows: Rows, nowMs: number): readonly VersionedRow[] {
  const selected = select(fragment, rows, nowMs);
  const { order } = fragment;
  if (order === 'score') throw notHeld('The memory store', fragment.placement, 'rank rows of');
  return withWanted(fragment, selected.toSorted(filterOrder(order)).slice(0, fragment.limit));
}

function withWanted(
  { placement, columns }: FilterFragment | TopFragment,
  rows: readonly VersionedRow[],
): readonly VersionedRow[] {
  const wanted = wantedColumns(placement, columns);
  return rows.map(({ row, version }) => ({ row: pickColumns(wanted, row), version }));
}

/** @throws `result_too_large` for more rows than the fragment allows. */
export function readTop(fragment: TopFragment, rows: Rows, nowMs: number): readonly VersionedRow[] {
  const { placement, by, order, count, maxRows } = fragment;
  const groups = Map.groupBy(select(fragment, rows, nowMs).toSorted(filterOrder(order)), ({ row }) =>
    JSON.stringify(by.map(({ name, type }) => identityOf(type, row[name] ?? null))),
  );
  const first = [...groups.values()].flatMap((group) => group.slice(0, count));
  if (first.length <= maxRows) return withWanted(fragment, first);
  throw new PolystoreError(
    'result_too_large',
    `The first rows of groups of ${placementName(placement)} are more than ${maxRows}. Add a condition, or group by less`,
  );
}
