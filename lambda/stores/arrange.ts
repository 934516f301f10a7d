import { rowId } from './placement.ts';
import { inPartition, type SliceShape } from './slice.ts';
import type { Placement, SliceFragment, VersionedRow } from './store.ts';
import { compareRows, compareText, compareValues } from './value-order.ts';

/** The ascending order of a slice: by its sort columns, then by row id. */
export function sliceOrder(
  placement: Placement,
  shape: SliceShape,
): (a: VersionedRow, b: VersionedRow) => number {
  const byColumns = compareRows(shape.sort);
  return (a, b) => byColumns(a.row, b.row) || compareText(rowId(placement, a.row), rowId(placement, b.row));
}

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
  return rows
    .filter(({ row }) => inPartition(fragment, shape, row))
    .filter(withinBounds(fragment, shape))
    .sort((a, b) => (fragment.order === 'ascending' ? ascending(a, b) : ascending(b, a)))
    .slice(0, fragment.limit);
}
