import { type Change, coalesce, type Key, keyText, type Row } from '../change/change.ts';
import { keyOf } from '../change/encode.ts';
import type { Version } from '../change/version.ts';
import type { CatalogEntity } from '../model/index.ts';
import { parted } from '../stores/parted.ts';
import { knownPlace, placeOf } from '../stores/placement.ts';
import type { ApplyResult, Placement } from '../stores/store.ts';
import type { Repair, RepairResult, Truth, Unreadable, ViewStore } from '../stores/view-store.ts';
import { applyInBatches } from './apply-in-batches.ts';
import { lookAt } from './look-at.ts';
import { type SyncStores, sourceOf, sourcePlacement, storeOfView } from './sync-stores.ts';

/** What one view made of the truth that it was given. */
export interface Projected {
  readonly placement: Placement;
  readonly applied: number;
  readonly stale: number;
  /** Rows that were taken out of places where they no longer are. */
  readonly removed: number;
  /** Rows that the view will never take, with the reason. Deletes that do not say where their row lies are not among them. */
  readonly rejected: ApplyResult['rejected'];
}

/** A page of the source, projected. */
export interface ProjectedPage {
  readonly views: readonly Projected[];
  readonly truth: Truth;
}

/**
 * DESIGN §5's one primitive, for a page of all keys: reads the truth, maps it, applies it to views under rule 1.
 * Rows of a view that the source lacks are not its business (`remove-gone.ts`).
 */
export async function projectPage(
  stores: SyncStores,
  request: {
    readonly views: readonly Placement[];
    readonly entity: CatalogEntity;
    readonly after: string | undefined;
    readonly limit: number;
  },
): Promise<ProjectedPage> {
  const { entity, views, after, limit } = request;
  const truth = await sourceOf(stores, entity).readTruth({
    placement: sourcePlacement(entity),
    of: { kind: 'page', after, limit },
  });
  const projected = await rowsFirst(views, async (placement) => ({
    placement,
    ...(await applyTruth(storeOfView(stores, placement), placement, truth.changes)),
    removed: 0,
  }));
  return { views: projected, truth };
}

export interface ProjectKeysRequest {
  readonly entity: CatalogEntity;
  readonly views: readonly Placement[];
  /**
   * Rows whose keys are meant, with what is known of them: where a view may hold them. Of one key there may be
   * several, with different places.
   */
  readonly known: readonly Row[];
}

/** What became of some keys. */
export interface ProjectedKeys {
  readonly views: readonly Projected[];
  readonly unreadable: readonly Unreadable[];
  /** Keys of which the source gave neither a row nor that there is none: their rows there cannot be read. */
  readonly unknown: readonly Key[];
}

/**
 * The same for some keys. A row in a place where the truth does not have it takes a tombstone, by rule 3: only if
 * the view still holds the version that was seen.
 */
export async function projectKeys(stores: SyncStores, request: ProjectKeysRequest): Promise<ProjectedKeys> {
  const { entity, views, known } = request;
  const keys = [...new Map(known.map((row) => [keyText(keyOf(entity, row)), keyOf(entity, row)])).values()];
  const truth = await readKeys(stores, entity, keys);
  const answered = new Set([...truth.changes.map(({ key }) => key), ...truth.absent].map(keyText));
  const projected = await rowsFirst(views, async (placement) => {
    const store = storeOfView(stores, placement);
    const changes = placeDeletes(placement, truth.changes, known);
    const result = await applyTruth(store, placement, changes);
    const removed = await removeFromOldPlaces(stores, placement, { truth, known });
    return { placement, ...result, removed };
  });
  return {
    views: projected,
    unreadable: truth.unreadable ?? [],
    unknown: keys.filter((key) => !answered.has(keyText(key))),
  };
}

/** Keys that one request to a source is asked for. */
const keysAtOnce = 1000;

/** The truth of any number of keys. */
export async function readKeys(
  stores: SyncStores,
  entity: CatalogEntity,
  keys: readonly Key[],
): Promise<Pick<Truth, 'changes' | 'absent' | 'unreadable' | 'bytes'>> {
  const answers: Truth[] = [];
  for (const part of parted(keys, keysAtOnce))
    answers.push(
      await sourceOf(stores, entity).readTruth({
        placement: sourcePlacement(entity),
        of: { kind: 'keys', keys: part },
      }),
    );
  return {
    changes: answers.flatMap(({ changes }) => changes),
    absent: answers.flatMap(({ absent }) => absent),
    unreadable: answers.flatMap(({ unreadable = [] }) => unreadable),
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Under rule 1, in the store's best size. A delete that cannot be placed is left to whoever looks the view through. */
async function applyTruth(
  store: ViewStore,
  placement: Placement,
  changes: readonly Change[],
): Promise<ApplyResult> {
  const placed = changes.filter(
    (change) => change.kind === 'upsert' || isPlaced(placement, { ...change.before, ...change.key }),
  );
  return applyInBatches(store, placement, placed);
}

const isPlaced = (placement: Placement, row: Row): boolean => knownPlace(placement, row) !== undefined;

/** Says of each delete where its row lies, as far as that is known: one for each place. */
function placeDeletes(
  placement: Placement,
  changes: readonly Change[],
  known: readonly Row[],
): readonly Change[] {
  const rowsOf = Map.groupBy(known, (row) => keyText(keyOf(placement.entity, row)));
  const placed = changes.flatMap((change): readonly Change[] => {
    if (change.kind === 'upsert') return [change];
    const rows = (rowsOf.get(keyText(change.key)) ?? []).map((row) => ({ ...change.before, ...row }));
    return [change, ...rows.map((before) => ({ ...change, before }))];
  });
  const placeable = placed.filter(
    (change) => change.kind === 'upsert' || isPlaced(placement, { ...change.before, ...change.key }),
  );
  return coalesce(placeable, placeOf(placement));
}

/** What the view shows of absent keys, and of rows that are elsewhere now, becomes tombstones at the version after. */
async function removeFromOldPlaces(
  stores: SyncStores,
  placement: Placement,
  { truth, known }: { readonly truth: Pick<Truth, 'changes' | 'absent'>; readonly known: readonly Row[] },
): Promise<number> {
  const absent = new Set(truth.absent.map(keyText));
  const places = new Map(
    truth.changes.flatMap((change) =>
      change.kind === 'upsert' ? [[keyText(change.key), placeOf(placement)(change)] as const] : [],
    ),
  );
  const suspect = known.filter((row) => {
    const key = keyText(keyOf(placement.entity, row));
    const place = knownPlace(placement, row);
    if (place === undefined) return false;
    return absent.has(key) || (places.has(key) && places.get(key) !== place);
  });
  if (suspect.length === 0) return 0;
  const held = await lookAt(storeOfView(stores, placement), placement, suspect);
  const repairs = held.flatMap((each) =>
    each?.row === undefined ? [] : [tombstone(placement, each.version, each.row)],
  );
  return (await repairView(stores, placement, repairs)).repaired;
}

/** Rule 3 for a view, and for the totals that are worked out from its rows. */
export async function repairView(
  stores: SyncStores,
  placement: Placement,
  repairs: readonly Repair[],
): Promise<RepairResult> {
  if (repairs.length === 0) return { repaired: 0, moved: [] };
  const store = storeOfView(stores, placement);
  const result = await store.repair(placement, repairs);
  const changes = repairs.map(({ change }) => change);
  for (const rollup of rollupsOf(placement)) await store.apply(rollup, changes);
  return result;
}

const isRollup = ({ target }: Placement): boolean => target.kind === 'keyspaces.rollup';

/** The totals that are worked out from the rows of a view. */
const rollupsOf = ({ entity, target }: Placement): readonly Placement[] =>
  entity.views
    .filter((view) => view.kind === 'keyspaces.rollup' && 'name' in target && view.from === target.name)
    .map((view) => ({ entity, target: view }));

/** Totals are worked out from rows that were written already (DESIGN §4, rule 5), so their views come last. */
async function rowsFirst<T>(
  views: readonly Placement[],
  work: (placement: Placement) => Promise<T>,
): Promise<readonly T[]> {
  const rows = await Promise.all(views.filter((view) => !isRollup(view)).map(work));
  return [...rows, ...(await Promise.all(views.filter(isRollup).map(work)))];
}

/** Takes a row that is held out of its place: a tombstone at the version after, unless the truth has one of its own. */
const tombstone = ({ entity }: Placement, held: Version, row: Row): Repair => ({
  change: {
    kind: 'delete',
    entity: entity.name,
    key: keyOf(entity, row),
    // One above a version is one: no source's position fills its 56 bits.
    version: (held + 1n) as Version,
    before: row,
  },
  held,
});
