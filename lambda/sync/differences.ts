import { type Key, keyText, type Row } from '../change/change.ts';
import { keyOf } from '../change/encode.ts';
import { sliceOrder } from '../stores/arrange.ts';
import { locationTerms } from '../stores/placement.ts';
import { sliceShape } from '../stores/slice.ts';
import type { Placement, SliceFragment } from '../stores/store.ts';
import type { ViewStore } from '../stores/view-store.ts';
import {
  type Compared,
  type Difference,
  differenceOf,
  isUnmoved,
  type KeyTruth,
  repairOf,
} from './compare.ts';
import type { JobTools } from './job-tools.ts';
import { lookAt } from './look-at.ts';
import { readKeys, repairView } from './project.ts';
import { storeOfView } from './sync-stores.ts';

/** A view that is compared with its source. */
export interface CompareTarget {
  readonly placement: Placement;
  /** Whether versions count: not where the source keeps none. */
  readonly versions: boolean;
}

type Tools = Pick<JobTools, 'stores' | 'clock' | 'settle'>;

/** Differences that stayed, and keys about which nothing can be said. */
export interface Confirmed {
  readonly differences: readonly Difference[];
  /** Rows that changed at every look. */
  readonly unsettled: number;
  /** Keys whose rows at the source cannot be read. */
  readonly unreadable: number;
  readonly repaired: number;
  /** False: the view had not taken all that its source had, so what differs may be on its way. */
  readonly settled: boolean;
  readonly bytes: number;
}

/** A row that is looked at so often and is different each time is told as unsettled. */
const mostLooks = 5;

/**
 * Looks again at differences once the view has had time to take what its source had, and counts those that nothing
 * has happened to in between; repairs them if asked. What a repair meets changed is looked at again.
 */
export async function confirmDifferences(
  tools: Tools,
  target: CompareTarget,
  request: { readonly differences: readonly Difference[]; readonly repair: boolean },
): Promise<Confirmed> {
  const { placement } = target;
  const confirmed: Difference[] = [];
  let open = request.differences;
  let settled = true;
  let unreadable = 0;
  let bytes = 0;
  let repaired = 0;
  for (let look = 1; open.length > 0 && look <= mostLooks; look += 1) {
    settled = await tools.settle(placement);
    // What the view has not been given yet it cannot have.
    if (!settled) break;
    const again = await compareRows(tools, target, { known: open.map(({ known }) => known) });
    bytes += again.bytes;
    unreadable += again.unreadable;
    const before = new Map(open.map((each) => [textOf(each), each]));
    const found = await differencesIn(tools, target, again.compared);
    const real = found.filter((each) => {
      const earlier = before.get(textOf(each));
      return earlier !== undefined && isUnmoved(placement, earlier, each);
    });
    const moving = new Set(found.filter((each) => !real.includes(each)));
    if (request.repair && real.length > 0) {
      const repairs = new Map(real.map((each) => [repairOf(each, placement), each]));
      const result = await repairView(tools.stores, placement, [...repairs.keys()]);
      repaired += result.repaired;
      for (const moved of result.moved) {
        const each = repairs.get(moved);
        if (each !== undefined) moving.add(each);
      }
    }
    confirmed.push(...real.filter((each) => !moving.has(each)));
    open = [...moving];
  }
  return { differences: confirmed, unsettled: open.length, unreadable, repaired, settled, bytes };
}

const textOf = ({ known }: Compared): string => JSON.stringify(known);

/** Reads the truth of some rows, unless it is at hand, and what the view holds in the places that they say. */
export async function compareRows(
  { stores }: Pick<Tools, 'stores'>,
  { placement }: CompareTarget,
  request: { readonly known: readonly Row[]; readonly truth?: ReadonlyMap<string, KeyTruth> },
): Promise<{
  readonly compared: readonly Compared[];
  readonly unreadable: number;
  readonly bytes: number;
}> {
  const { entity } = placement;
  const keyed = request.known.map((known) => ({ known, key: keyOf(entity, known) }));
  const read = request.truth === undefined ? await readTruths(stores, placement, keyed) : undefined;
  const truths = request.truth ?? read?.truths ?? new Map<string, KeyTruth>();
  const held = await lookAt(storeOfView(stores, placement), placement, request.known);
  const compared = keyed.flatMap(({ known, key }, index): readonly Compared[] => {
    const truth = truths.get(keyText(key));
    return truth === undefined ? [] : [{ known, truth, held: held[index] }];
  });
  const heldBytes = held.reduce((sum, each) => sum + (each === undefined ? 0 : bytesOf(each.row ?? {})), 0);
  return {
    compared,
    unreadable: keyed.length - compared.length,
    bytes: (read?.bytes ?? 0) + heldBytes,
  };
}

const bytesOf = (row: Row): number => JSON.stringify(row).length;

async function readTruths(
  stores: Tools['stores'],
  { entity }: Placement,
  keyed: readonly { readonly key: Key }[],
): Promise<{ readonly truths: ReadonlyMap<string, KeyTruth>; readonly bytes: number }> {
  const keys = [...new Map(keyed.map(({ key }) => [keyText(key), key])).values()];
  const { changes, absent, bytes } = await readKeys(stores, entity, keys);
  const truths = new Map<string, KeyTruth>(absent.map((key) => [keyText(key), 'absent']));
  for (const change of changes) truths.set(keyText(change.key), change);
  return { truths, bytes };
}

/** Those that differ. A row that a view need not keep, because it keeps only so many, is not missing. */
export async function differencesIn(
  { stores, clock }: Pick<Tools, 'stores' | 'clock'>,
  target: CompareTarget,
  compared: readonly Compared[],
): Promise<readonly Difference[]> {
  const { placement, versions } = target;
  const rules = { placement, versions, nowMs: clock() };
  const found = compared.flatMap((each): readonly Difference[] => {
    const kind = differenceOf(each, rules);
    return kind === undefined ? [] : [{ ...each, kind }];
  });
  const limit = keptRows(placement);
  if (limit === undefined) return found;
  const store = storeOfView(stores, placement);
  const kept: Difference[] = [];
  for (const each of found)
    if (each.kind !== 'missing' || !(await isBeyondLimit(store, placement, { row: each.known, limit })))
      kept.push(each);
  return kept;
}

/** How many rows of a place a view keeps; undefined: all. Only of what is never changed or deleted can it let rows go. */
function keptRows({ entity, target }: Placement): number | undefined {
  if (target.kind !== 'redis.sortedSet' || target.expire !== undefined) return undefined;
  return entity.source.kind === 'kafka.source' ? target.limit : undefined;
}

/** Whether a view that shows the highest `limit` rows of a place shows so many, and all of them above this row. */
async function isBeyondLimit(
  store: ViewStore,
  placement: Placement,
  { row, limit }: { readonly row: Row; readonly limit: number },
): Promise<boolean> {
  const equal = Object.fromEntries(
    locationTerms(placement).map(({ column }) => [column, row[column] ?? null]),
  );
  const slice: SliceFragment = {
    kind: 'slice',
    placement,
    index: undefined,
    equal,
    from: undefined,
    to: undefined,
    order: 'descending',
    limit,
  };
  const shown = await store.read(slice);
  const order = sliceOrder(placement, sliceShape(slice));
  const version = undefined;
  return shown.length >= limit && shown.every((each) => order(each, { row, version }) > 0);
}
