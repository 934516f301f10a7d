import { earthDistance, positionOf } from './earth-distance.ts';
import { rowId } from './placement.ts';
import { inPartition, type SliceShape } from './slice.ts';
import type { FilterOrder, Near, Placement, SliceFragment, VersionedRow } from './store.ts';
import { compareInOrder, compareRows, compareText, compareValues, inTurn } from './value-order.ts';

/** The ascending order of a slice: by its sort columns, then by row id. */
export function sliceOrder(
  placement: Placement,
  shape: SliceShape,
): (a: VersionedRow, b: VersionedRow) => number {
  const byColumns = compareRows(shape.sort);
  return (a, b) => byColumns(a.row, b.row) || compareText(rowId(placement, a.row), rowId(placement, b.row));
}

/** The order of a filter's rows, as `order by` has it. */
export const filterOrder = (order: readonly FilterOrder[]): ((a: VersionedRow, b: VersionedRow) => number) =>
  inTurn(
    order.map((term) => {
      const { name, type } = term.column;
      const compare = compareInOrder(type, term);
      return (a: VersionedRow, b: VersionedRow) => compare(a.row[name] ?? null, b.row[name] ?? null);
    }),
  );

/** Whether a row is between the bounds of a slice, both inclusive; no value is between none. */
function withinBounds({ from, to }: SliceFragment, { sort }: SliceShape): (held: VersionedRow) => boolean {
  const [first] = sort;
  if (first === undefined || (from === undefined && to === undefined)) return () => true;
  return ({ row }) => {
    const value = row[first.name] ?? null;
    return (
      value !== null &&
      (from === undefined || compareValues(first.type, value, from) >= 0) &&
      (to === undefined || compareValues(first.type, value, to) <= 0)
    );
  };
}

/** Brings rows that hold the slice, and perhaps more, to what the fragment asks for. */
export function arrange(
  fragment: SliceFragment,
  shape: SliceShape,
  rows: readonly VersionedRow[],
): readonly VersionedRow[] {
  const ascending = sliceOrder(fragment.placement, shape);
  const members = rows.filter(({ row }) => inPartition(fragment, shape, row));
  if (fragment.near !== undefined) return nearest(fragment, fragment.near, members);
  return members
    .filter(withinBounds(fragment, shape))
    .sort((a, b) => (fragment.order === 'ascending' ? ascending(a, b) : ascending(b, a)))
    .slice(0, fragment.limit);
}

/** Rows within a circle, nearest first, then by row id; with a limit also those that are as near as the last. */
function nearest(
  { placement, limit }: SliceFragment,
  { place, withinMetres = Number.POSITIVE_INFINITY }: Near,
  rows: readonly VersionedRow[],
): readonly VersionedRow[] {
  const { target } = placement;
  if (target.kind !== 'redis.geo') return [];
  const found = rows
    .flatMap((held) => {
      const position = positionOf(held.row, target);
      return position === undefined ? [] : [{ held, metres: earthDistance(position, place) }];
    })
    .filter(({ metres }) => metres <= withinMetres)
    .sort(
      (a, b) =>
        a.metres - b.metres || compareText(rowId(placement, a.held.row), rowId(placement, b.held.row)),
    );
  const last = limit === undefined ? undefined : found[Math.min(limit, found.length) - 1];
  const kept = limit === 0 ? [] : found.filter(({ metres }) => last === undefined || metres <= last.metres);
  return kept.map(({ held }) => held);
}
