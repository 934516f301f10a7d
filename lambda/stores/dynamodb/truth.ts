import type { Change, Key } from '../../change/change.ts';
import { createVersion } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { digestRows } from '../digest.ts';
import { isShown, rowId } from '../placement.ts';
import { bucketOf } from '../row-hash.ts';
import type { Buckets, DigestPage, DigestRequest, Truth, Unreadable } from '../view-store.ts';
import { type DecodedItem, decodeItemOf, encodeItemKey, type Item } from './item.ts';
import { itemText } from './items.ts';
import { type ItemPage, itemBytes, renderPosition } from './scan.ts';

/** Items of one entity, read as far as they can be. */
interface ReadItems {
  readonly items: readonly DecodedItem[];
  readonly unreadable: readonly Unreadable[];
  readonly bytes: number;
}

/** An item that is no row does not hide those beside it: it is named, and the rest goes on. */
function readItems(entity: CatalogEntity, images: readonly Item[]): ReadItems {
  const items: DecodedItem[] = [];
  const unreadable: Unreadable[] = [];
  for (const image of images) {
    try {
      items.push(decodeItemOf(entity, image));
    } catch (error) {
      if (!(error instanceof PolystoreError)) throw error;
      unreadable.push({ at: nameOf(image), reason: error.message });
    }
  }
  return { items, unreadable, bytes: images.reduce((sum, image) => sum + itemBytes(image), 0) };
}

const nameOf = (image: Item): string => `the item ${image.pk?.S} / ${image.sk?.S}`;

/** Rows and tombstones with their own versions. */
function changeOf(item: DecodedItem, generation: number): Change {
  const { entity, key, position } = item;
  const common = { entity: entity.name, key, version: createVersion(generation, position) };
  return item.kind === 'row'
    ? { kind: 'upsert', ...common, row: item.row }
    : { kind: 'delete', ...common, before: item.before };
}

/**
 * What is true of some keys.
 * @param images what lies where the items of the keys belong
 * @throws `store_rejected` where an item of another entity stands in a row's place.
 */
export function truthOfKeys(
  entity: CatalogEntity,
  keys: readonly Key[],
  { images, generation }: { readonly images: readonly Item[]; readonly generation: number },
): Truth {
  const stranger = images.find((image) => image.entity?.S !== entity.name);
  if (stranger !== undefined)
    throw new PolystoreError(
      'store_rejected',
      `${nameOf(stranger)} is of '${stranger.entity?.S ?? 'nothing'}' and stands where a row of ${entity.name} belongs; give the entities' key templates different texts, or remove it`,
    );
  const { items, unreadable, bytes } = readItems(entity, images);
  // What cannot be read is there all the same: nobody may take it for deleted.
  const there = new Set(images.map(itemText));
  return {
    changes: items.map((item) => changeOf(item, generation)),
    absent: keys.filter((key) => !there.has(itemText(encodeItemKey(entity, key)))),
    floor: undefined,
    unreadable,
    next: undefined,
    bytes,
  };
}

/** What is true of one page of a scan. */
export function truthOfPage(
  entity: CatalogEntity,
  page: ItemPage,
  { buckets, generation }: { readonly buckets: Buckets | undefined; readonly generation: number },
): Truth {
  const { items, unreadable, bytes } = readItems(entity, page.items);
  const source = { entity, target: entity.source };
  const wanted = items.filter(
    ({ key }) => buckets === undefined || buckets.only.has(bucketOf(rowId(source, key), buckets.of)),
  );
  return {
    changes: wanted.map((item) => changeOf(item, generation)),
    absent: [],
    floor: undefined,
    unreadable,
    next: renderPosition(page.position),
    bytes,
  };
}

/** Digests of one page of a scan: of the rows that the view of the request should show. */
export function digestOfPage(
  request: DigestRequest,
  page: ItemPage,
  { generation, nowMs }: { readonly generation: number; readonly nowMs: number },
): DigestPage {
  const { placement } = request;
  const { items, unreadable, bytes } = readItems(placement.entity, page.items);
  const rows = items.flatMap((item) =>
    item.kind === 'row' && isShown(placement, item.row, nowMs)
      ? [{ row: item.row, version: createVersion(generation, item.position) }]
      : [],
  );
  return { digests: digestRows(request, rows), unreadable, next: renderPosition(page.position), bytes };
}
