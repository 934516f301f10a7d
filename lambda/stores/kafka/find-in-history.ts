import type { Key } from '../../change/change.ts';
import { keyOf } from '../../change/encode.ts';
import { knownPlace, rowId } from '../placement.ts';
import { bucketOf } from '../row-hash.ts';
import type { Placement } from '../store.ts';
import type { HeldRow } from '../view-store.ts';
import { type History, latestOf } from './history.ts';

/** Rows of the archive are told apart by so many buckets when they are looked for without their days. */
const buckets = 1 << 16;
const rowsAtOnce = 20_000;

interface Found {
  readonly rows: readonly HeldRow[];
  readonly bytes: number;
}

/**
 * What the archive holds of some keys. Those that say their day are looked up there; for others all of the archive is
 * gone through, once for all of them.
 */
export async function findInHistory(
  history: History,
  placement: Placement,
  keys: readonly Key[],
): Promise<Found> {
  const placed = keys.filter((key) => knownPlace(placement, key) !== undefined);
  const others = keys.filter((key) => knownPlace(placement, key) === undefined);
  const found = [
    ...(placed.length === 0 ? [] : [await lookUp(history, placement, placed)]),
    ...(others.length === 0 ? [] : [await goThrough(history, placement, others)]),
  ];
  return {
    rows: found.flatMap(({ rows }) => rows),
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

async function lookUp(history: History, placement: Placement, keys: readonly Key[]): Promise<Found> {
  const { entity } = placement;
  // Versions first: what is not shown afterwards was there and is hidden, and not the other way round.
  const versions = await history.versions(placement, keys);
  const shown = await history.read({ kind: 'keys', placement, keys });
  const rows = new Map(shown.map((each) => [rowId(placement, each.row), each]));
  const held = keys.flatMap((key, at): readonly HeldRow[] => {
    const there = rows.get(rowId(placement, key));
    const version = there?.version ?? versions[at];
    if (version === undefined) return [];
    return [{ key: keyOf(entity, key), place: knownPlace(placement, key) ?? '', version, row: there?.row }];
  });
  const bytes = shown.reduce((sum, { row }) => sum + JSON.stringify(row).length, 0);
  return { rows: [...latestOf(held).values()], bytes };
}

async function goThrough(history: History, placement: Placement, keys: readonly Key[]): Promise<Found> {
  const wanted = new Set(keys.map((key) => rowId(placement, key)));
  const only = new Set([...wanted].map((id) => bucketOf(id, buckets)));
  const rows: HeldRow[] = [];
  let bytes = 0;
  let after: string | undefined;
  do {
    const page = await history.scan({
      placement,
      buckets: { of: buckets, only },
      after,
      limit: rowsAtOnce,
    });
    rows.push(...page.rows.filter(({ key }) => wanted.has(rowId(placement, key))));
    bytes += page.bytes;
    after = page.next;
  } while (after !== undefined);
  return { rows: [...latestOf(rows).values()], bytes };
}
