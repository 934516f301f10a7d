import type { Row } from '../change/change.ts';
import { keyOf } from '../change/encode.ts';
import type { Version } from '../change/version.ts';
import { knownPlace, locationTerms } from '../stores/placement.ts';
import type { Placement } from '../stores/store.ts';
import type { HeldRow, ScanPage } from '../stores/view-store.ts';
import { type ProjectedKeys, projectKeys } from './project.ts';
import { type SyncStores, storeOfView } from './sync-stores.ts';

/** One page of a view, without what its source lacks. */
export interface RemovedPage {
  readonly page: ScanPage;
  readonly projected: ProjectedKeys | undefined;
}

/**
 * Takes out of one page of a view what the source does not have. Only rows below `floor` are looked at, where the
 * source has a position across keys: those above it came by the stream after the truth was read. Each is looked up at
 * the source first, so a row that came meanwhile stays.
 */
export async function removeGone(
  stores: SyncStores,
  request: {
    readonly placement: Placement;
    readonly floor: Version | undefined;
    readonly after: string | undefined;
    readonly limit: number;
  },
): Promise<RemovedPage> {
  const { placement, floor, after, limit } = request;
  const page = await storeOfView(stores, placement).scan({ placement, after, limit });
  const known = page.rows
    .filter(({ row, version }) => row !== undefined && (floor === undefined || version < floor))
    .map((held) => knownRowOf(placement, held));
  if (known.length === 0) return { page, projected: undefined };
  const projected = await projectKeys(stores, { entity: placement.entity, views: [placement], known });
  return { page, projected };
}

/**
 * What a view says of a row that it holds: its columns, its key, and where it lies, also where its own columns say
 * another place.
 */
export function knownRowOf(placement: Placement, { key, place, row }: HeldRow): Row {
  const terms = locationTerms(placement);
  // `placeText` (placement.ts) made it: a text for each term, from which the place follows as from the value itself.
  const texts = terms.length === 0 ? [] : (JSON.parse(place) as readonly string[]);
  const located = Object.fromEntries(terms.map(({ column }, index) => [column, texts[index] ?? null]));
  const known = { ...located, ...row, ...keyOf(placement.entity, key) };
  // Its own columns say the place exactly, unless it was put where it does not belong.
  return knownPlace(placement, known) === place
    ? known
    : { ...row, ...located, ...keyOf(placement.entity, key) };
}
