import type { Row } from '../../change/change.ts';
import type { Version } from '../../change/version.ts';
import { arrange, sliceOrder } from '../arrange.ts';
import { expiryOf, rowId, viewOf } from '../placement.ts';
import { inPartition, sliceShape } from '../slice.ts';
import type { KeysFragment, Placement, SliceFragment, VersionedRow } from '../store.ts';

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
  const { placement } = fragment;
  const shape = sliceShape(fragment);
  const members = [...rows.values()]
    .filter((held) => visible(placement, held, nowMs))
    .filter(({ row }) => inPartition(fragment, shape, row))
    .filter(({ row }) => !shape.sparse || shape.sort.every(({ name }) => row[name] !== null));
  const view = viewOf(placement);
  if (view?.kind !== 'redis.sortedSet' || view.limit === undefined) return arrange(fragment, shape, members);
  // The limit of a view counts from its highest row, whatever the caller's bounds and order are.
  const highest = members.sort(sliceOrder(placement, shape)).slice(-view.limit);
  return arrange(fragment, shape, highest);
}
