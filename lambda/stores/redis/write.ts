import { type Change, coalesce } from '../../change/change.ts';
import { renderVersion } from '../../change/version.ts';
import { parted } from '../parted.ts';
import { expiryOf, knownRow, placementName, placeOf, projectRow, rowId } from '../placement.ts';
import type { ApplyResult, Placement } from '../store.ts';
import { keepTombstonesMs } from '../tombstone.ts';
import type { Repair } from '../view-store.ts';
import { groupOf } from './read.ts';
import { type KeyGroup, keyGroup, locationColumns, type RedisView, redisView, rowScore } from './schema.ts';
import { renderValue } from './value.ts';

/** Rows of one key group, of one call. */
export interface GroupWrite {
  readonly group: KeyGroup;
  readonly changes: readonly Change[];
  /** What the apply script takes of some of them: rendered as it is sent, so that the server is at one call while the next is. */
  args(changes: readonly Change[]): readonly string[];
  /** What the script of stale rows takes. */
  versions(): readonly string[];
}

export interface WritePlan {
  readonly writes: readonly GroupWrite[];
  readonly rejected: ApplyResult['rejected'];
}

/** A call holds everybody else up, so it writes so many rows at most. */
const rowsAtOnce = 250;

/** Puts the changes into calls, each of one key group. */
export function planWrite(placement: Placement, changes: readonly Change[], nowMs: number): WritePlan {
  const kept = String(keptRows(placement, redisView(placement)));
  const groups = new Map<string, { group: KeyGroup; changes: Change[] }>();
  const rejected: { change: Change; reason: string }[] = [];
  for (const change of coalesce(changes, placeOf(placement))) {
    const group = keyGroup(placement, knownRow(change));
    if (group === undefined) {
      rejected.push({
        change,
        reason: `${placementName(placement)} places rows by ${locationColumns(placement).join(', ')}, and the ${change.kind} does not say all of them`,
      });
      continue;
    }
    const held = groups.get(group.rows);
    if (held === undefined) groups.set(group.rows, { group, changes: [change] });
    else held.changes.push(change);
  }
  const isScored = redisView(placement).kind !== 'redis.hash';
  const args = (some: readonly Change[]): readonly string[] => {
    const all = [String(nowMs), String(keepTombstonesMs), kept];
    for (const change of some) {
      const [value, due, score] = rowArgs(placement, change, nowMs);
      all.push(rowId(placement, change.key), value, due);
      if (isScored) all.push(score);
    }
    return all;
  };
  const versions = (some: readonly Change[]): readonly string[] =>
    some.flatMap(({ key, version }) => [rowId(placement, key), renderVersion(version)]);
  const writes = [...groups.values()].flatMap(({ group, changes: ofGroup }) =>
    parted(ofGroup, rowsAtOnce).map((part) => ({
      group,
      changes: part,
      args,
      versions: () => versions(part),
    })),
  );
  return { writes, rejected };
}

/** One call of the repair script, and which repairs it makes. */
interface GroupRepair {
  readonly group: KeyGroup;
  readonly args: readonly string[];
  readonly repairs: readonly Repair[];
}

/** @throws `not_supported` for a change that does not say where its row lies. */
export function planRepair(
  placement: Placement,
  { repairs, nowMs }: { readonly repairs: readonly Repair[]; readonly nowMs: number },
): readonly GroupRepair[] {
  const kept = String(keptRows(placement, redisView(placement)));
  const groups = new Map<string, { group: KeyGroup; args: string[]; repairs: Repair[] }>();
  for (const repair of repairs) {
    const { change, held } = repair;
    const group = groupOf(placement, knownRow(change));
    const write = groups.get(group.rows) ?? {
      group,
      args: [String(nowMs), String(keepTombstonesMs), kept],
      repairs: [],
    };
    groups.set(group.rows, write);
    write.args.push(
      rowId(placement, change.key),
      held === undefined ? '' : renderVersion(held),
      ...rowArgs(placement, change, nowMs),
    );
    write.repairs.push(repair);
  }
  return [...groups.values()];
}

/** Value, due and score of a row. A row that no reader may see is a tombstone. */
function rowArgs(
  placement: Placement,
  change: Change,
  nowMs: number,
): readonly [value: string, due: string, score: string] {
  const { version } = change;
  const expiry = change.kind === 'upsert' ? expiryOf(placement, change.row) : undefined;
  const score = change.kind === 'upsert' ? rowScore(placement, change.row) : undefined;
  const hidden =
    change.kind === 'delete' ||
    (expiry !== undefined && expiry <= nowMs) ||
    (redisView(placement).kind !== 'redis.hash' && score === undefined);
  const row = hidden ? undefined : projectRow(placement, change.row);
  // A row that nobody sees is a guard from now on, whenever it would have expired.
  const ends = row === undefined ? nowMs : expiry;
  return [
    renderValue(placement, { version, expiry, row }),
    ends === undefined ? '' : String(Math.max(ends, nowMs) + keepTombstonesMs),
    row === undefined || score === undefined ? '' : String(score),
  ];
}

/**
 * How many rows of a group are kept in the set; 0 for all. Rows beyond a view's limit can only be let
 * go where nothing is ever updated, deleted or expired: else one of them could be needed again.
 * Elsewhere readers cut.
 */
function keptRows({ entity }: Placement, view: RedisView): number {
  if (view.kind !== 'redis.sortedSet' || view.limit === undefined) return 0;
  return entity.source.kind === 'kafka.source' && view.expire === undefined ? view.limit : 0;
}
