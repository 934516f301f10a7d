import type { Row } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import type { RedisSortedSetPlacement } from '../../model/index.ts';
import { placementName, rowId } from '../placement.ts';
import type { Placement, SliceFragment } from '../store.ts';
import { type KeyGroup, keyGroup, locationColumns, scoreColumn, scoreOf } from './schema.ts';
import type { HeldValue } from './value.ts';

/** Row ids to look up in one key group, with where each is in the caller's list. */
export interface GroupLookup {
  readonly group: KeyGroup;
  readonly ids: readonly string[];
  readonly positions: readonly number[];
}

/** @throws `not_supported` when a key does not say where in Redis it lies. */
export function planLookups(placement: Placement, keys: readonly Row[]): readonly GroupLookup[] {
  const groups = new Map<string, { group: KeyGroup; ids: string[]; positions: number[] }>();
  for (const [position, key] of keys.entries()) {
    const group = groupOf(placement, key);
    const lookup = groups.get(group.rows) ?? { group, ids: [], positions: [] };
    groups.set(group.rows, lookup);
    lookup.ids.push(rowId(placement, key));
    lookup.positions.push(position);
  }
  return [...groups.values()];
}

/** @throws `not_supported` when a column of the location is missing. */
export function groupOf(placement: Placement, row: Row): KeyGroup {
  const group = keyGroup(placement, row);
  if (group !== undefined) return group;
  throw new PolystoreError(
    'not_supported',
    `${placementName(placement)} places rows by ${locationColumns(placement).join(', ')}; ${JSON.stringify(row)} does not say all of them`,
  );
}

export function isVisible(held: HeldValue, nowMs: number): held is HeldValue & { readonly row: Row } {
  return held.row !== undefined && (held.expiry === undefined || held.expiry > nowMs);
}

/** The arguments of the slice script for a sorted set, after `now`. */
export function sliceArgs(fragment: SliceFragment, view: RedisSortedSetPlacement): readonly string[] {
  // The limit of the view counts from its highest row, whatever the caller's bounds and order are.
  if (view.limit !== undefined) return ['REV', '+inf', '-inf', String(view.limit)];
  const column = scoreColumn(fragment.placement, view);
  const from = String(scoreOf(column, fragment.from ?? null) ?? '-inf');
  const to = String(scoreOf(column, fragment.to ?? null) ?? '+inf');
  const limit = String(fragment.limit ?? -1);
  return fragment.order === 'ascending' ? ['', from, to, limit] : ['REV', to, from, limit];
}
