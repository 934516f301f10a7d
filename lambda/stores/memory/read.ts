import type { Row } from '../../change/change.ts';
import type { Version } from '../../change/version.ts';
import { expiryOf, rowId, viewOf } from '../placement.ts';
import { inPartition, sliceShape } from '../slice.ts';
import type { KeysFragment, Placement, SliceFragment, VersionedRow } from '../store.ts';
import { compareRows, compareText, compareValues } from '../value-order.ts';

/** What is held of one key; a tombstone has no row. */
export interface Held {
  readonly version: Version;
  readonly row: Row | undefined;
}

/** A placement's rows by row id. */
export type Rows = ReadonlyMap<string, Held>;

/** Rows that a reader may see: there, not expired, and in a sorted set with a score. */
function visible(placement: Placement, held: Held | undefined, nowMs: number): held is VersionedRow & Held {
  if (held?.row === undefined) return false;
  const expiry = expiryOf(placement, held.row);
  if (expiry !== undefined && expiry <= nowMs) return false;
  const view = viewOf(placement);
  return view?.kind !== 'redis.sortedSet' || held.row[view.score] !== null;
}

export function readKeys(
  { placement, keys }: KeysFragment,
  rows: Rows,
  nowMs: number,
): readonly VersionedRow[] {
  const ids = new Set(keys.map((key) => rowId(placement, key)));
  return [...ids].map((id) => rows.get(id)).filter((held) => visible(placement, held, nowMs));
}

export function readSlice(fragment: SliceFragment, rows: Rows, nowMs: number): readonly VersionedRow[] {
  const { placement, from, to, order, limit } = fragment;
  const shape = sliceShape(fragment);
  const byColumns = compareRows(shape.sort);
  const ascending = (a: VersionedRow, b: VersionedRow): number =>
    byColumns(a.row, b.row) || compareText(rowId(placement, a.row), rowId(placement, b.row));

  const members = [...rows.values()]
    .filter((held) => visible(placement, held, nowMs))
    .filter(({ row }) => inPartition(fragment, shape, row))
    .filter(({ row }) => !shape.sparse || shape.sort.every(({ name }) => row[name] !== null))
    .sort(ascending);
  const view = viewOf(placement);
  const kept =
    view?.kind === 'redis.sortedSet' && view.limit !== undefined ? members.slice(-view.limit) : members;

  const [first] = shape.sort;
  const within = kept.filter(({ row }) => {
    if (first === undefined) return true;
    const value = row[first.name] ?? null;
    return (
      (from === undefined || compareValues(first.type, value, from) >= 0) &&
      (to === undefined || compareValues(first.type, value, to) <= 0)
    );
  });
  return (order === 'ascending' ? within : within.reverse()).slice(0, limit);
}
