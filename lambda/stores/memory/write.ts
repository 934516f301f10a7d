import { type Change, coalesce } from '../../change/change.ts';
import { knownRow, locationTerms, placementName, placeOf, projectRow, rowId } from '../placement.ts';
import type { ApplyResult, Placement } from '../store.ts';
import type { Repair, RepairResult } from '../view-store.ts';
import type { Held, Rows } from './rows.ts';

/** Rule 1 at its plainest: a change replaces only what is lower, in its place. */
export function applyChanges(
  rows: Rows,
  placement: Placement,
  { changes, now }: { readonly changes: readonly Change[]; readonly now: number },
): ApplyResult {
  const rejected = changes.flatMap((change) => refuse(placement, change));
  const refused = new Set(rejected.map(({ change }) => change));
  const taken = changes.filter((change) => !refused.has(change));
  let applied = 0;
  for (const change of coalesce(taken, placeOf(placement))) {
    const held = heldOf(placement, change, now);
    const id = rowId(placement, change.key);
    const before = rows.at(id, held.place);
    if (before !== undefined && before.version >= change.version) continue;
    rows.set(id, held);
    applied += 1;
  }
  return { applied, stale: taken.length - applied, rejected };
}

/** Rule 3: exactly the version that was compared is replaced. */
export function repairRows(
  rows: Rows,
  placement: Placement,
  { repairs, now }: { readonly repairs: readonly Repair[]; readonly now: number },
): RepairResult {
  const moved: Repair[] = [];
  for (const repair of repairs) {
    const held = heldOf(placement, repair.change, now);
    const id = rowId(placement, repair.change.key);
    if (rows.at(id, held.place)?.version === repair.held) rows.set(id, held);
    else moved.push(repair);
  }
  return { repaired: repairs.length - moved.length, moved };
}

function heldOf(placement: Placement, change: Change, now: number): Held {
  const row = change.kind === 'upsert' ? projectRow(placement, change.row) : undefined;
  return { key: change.key, place: placeOf(placement)(change), version: change.version, row, at: now };
}

/** A delete must say where its row lies. */
function refuse(placement: Placement, change: Change): ApplyResult['rejected'] {
  const known = knownRow(change);
  const missing = locationTerms(placement).filter(({ column }) => known[column] === undefined);
  if (missing.length === 0) return [];
  const columns = missing.map(({ column }) => column).join(', ');
  return [
    {
      change,
      reason: `${placementName(placement)} places rows by ${columns}, which the ${change.kind} does not say`,
    },
  ];
}
