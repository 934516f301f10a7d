import type { Change, Row } from '../../lambda/change/change.ts';
import type { MemoryStore } from '../../lambda/stores/memory/client.ts';
import { expiryOf, hasPlace, rowId, viewOf } from '../../lambda/stores/placement.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { Buckets, HeldRow, ViewStore } from '../../lambda/stores/view-store.ts';

/** What the cases of one view work with. */
export interface ViewContext {
  readonly store: ViewStore;
  /** Is written all that the store is written. */
  readonly reference: MemoryStore;
  readonly placement: Placement;
  /** What the clock of both says; noon of the first day of 2013 when a test begins. */
  now: number;
  /** A tenant that no other test uses. */
  tenant(): string;
  /** Applies to both; to all builds, or to one of this number. */
  apply(changes: readonly Change[], build?: number): Promise<void>;
  readonly propertyRuns: number;
  readonly rendersOtherwise: (row: Row) => boolean;
  readonly forgetsExpired: boolean;
}

/** Every row of a view by its id and place, page by page; the last of those that came twice. */
export async function scanAll(
  store: ViewStore,
  placement: Placement,
  options: {
    readonly buckets?: Buckets;
    readonly limit?: number;
    readonly between?: () => Promise<void>;
  } = {},
): Promise<Map<string, HeldRow>> {
  const { buckets, limit = 7, between } = options;
  const found = new Map<string, HeldRow>();
  for (let after: string | undefined; ; ) {
    const page = await store.scan({
      placement,
      after,
      limit,
      ...(buckets === undefined ? {} : { buckets }),
    });
    for (const held of page.rows) found.set(nameOf(placement, held), held);
    if (page.next === undefined) return found;
    after = page.next;
    await between?.();
  }
}

export const nameOf = (placement: Placement, { key, place }: Pick<HeldRow, 'key' | 'place'>): string =>
  `${rowId(placement, key)}\n${place}`;

/** Whether no reader may see a row: then a store may hold it as a tombstone. */
export function isHidden({ placement, now }: ViewContext, row: Row | undefined): boolean {
  if (row === undefined) return true;
  const expiry = expiryOf(placement, row);
  return (expiry !== undefined && expiry <= now) || !hasPlace(placement, row);
}

/** So long after noon the rows of the morning have left a view where rows do. */
export const untilExpired = ({ placement }: ViewContext): number =>
  Math.max(40 * 3600 * 1000, viewOf(placement)?.expire?.afterMs ?? 0);

/** What is compared of a held row: of a hidden one the guard alone. */
export const comparable = (context: ViewContext, { key, place, version, row }: HeldRow): HeldRow => ({
  key,
  place,
  version,
  row: isHidden(context, row) ? undefined : row,
});

/** One row of a view as a scan finds it. */
export async function heldOf(
  { placement }: ViewContext,
  store: ViewStore,
  { tenant, build }: { readonly tenant: string; readonly build?: number },
): Promise<readonly HeldRow[]> {
  const all = await scanAll(store, build === undefined ? placement : { ...placement, build }, { limit: 100 });
  return [...all.values()].filter(({ key }) => key.tenant === tenant);
}
