import { type Change, coalesce } from '../../change/change.ts';
import { projectRow, rowId } from '../placement.ts';
import type { ApplyResult, Placement } from '../store.ts';
import type { Held } from './read.ts';

/** Rule 1 at its plainest: a change replaces only what is lower. */
export function applyChanges(
  rows: Map<string, Held>,
  placement: Placement,
  changes: readonly Change[],
): ApplyResult {
  const latest = coalesce(changes);
  let applied = 0;
  for (const change of latest) {
    const id = rowId(placement, change.key);
    const held = rows.get(id);
    if (held !== undefined && held.version >= change.version) continue;
    const row = change.kind === 'upsert' ? projectRow(placement, change.row) : undefined;
    rows.set(id, { version: change.version, row });
    applied += 1;
  }
  return { applied, stale: changes.length - applied, rejected: [] };
}
