import { jsonRowBound, templateBound } from '../../../lambda/model/byte-bounds.ts';
import {
  type Catalog,
  type CatalogEntity,
  type CatalogGlobalIndex,
  columnOf,
  type DynamodbSourcePlacement,
  type KeyTemplate,
  templateColumns,
} from '../../../lambda/model/index.ts';

/** Units a second. */
export interface Capacity {
  readonly read: number;
  readonly write: number;
}

/** How a read or a write is asked for. */
export type Consistency = 'eventual' | 'strong' | 'transactional';

/**
 * What DynamoDB charges for one item: a write unit for each 1 KB begun, a read unit for each 4 KB begun, half
 * of it for a read that may be behind, twice for either in a transaction. An item that is not there costs as
 * one of no bytes: one unit, or half.
 *
 * Source: docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html; a KB is 1,024 bytes.
 */
export const writeUnits = (bytes: number, consistency: 'strong' | 'transactional' = 'strong'): number =>
  begun(bytes, 1_024) * (consistency === 'transactional' ? 2 : 1);
export const readUnits = (bytes: number, consistency: Consistency): number =>
  begun(bytes, 4_096) * { eventual: 0.5, strong: 1, transactional: 2 }[consistency];

const begun = (bytes: number, size: number): number => Math.max(1, Math.ceil(bytes / size));

/** What is known of an entity's traffic at peak. */
export interface Traffic {
  readonly changesPerSecond: number;
  readonly readsPerSecond: number;
  /** Of an item, with its keys and names. */
  readonly itemBytes: number;
}

/** What the table's entities ask of it and of each global index at peak; or which of them say too little. */
export type CapacityPlan =
  | {
      readonly kind: 'planned';
      readonly table: Capacity;
      readonly indexes: Readonly<Record<string, Capacity>>;
    }
  | { readonly kind: 'unknown'; readonly entities: readonly string[] };

/**
 * Works the capacity of the table out from the rates that the model declares.
 *
 * - A change is a consistent read and a write of the item: an update reads first. One insert of several rows
 *   is a transaction, and costs twice what is planned here.
 * - A read is consistent. A slice costs less than its rows one by one, since DynamoDB rounds up their sum.
 * - A change is a write of each index that holds the item; two, where the index's key can change, since the
 *   old entry is removed. An index that holds some fields writes and reads those alone, where each has a bound. Which index serves a read is not known, so each gets all of them, eventually
 *   consistent.
 *
 * @param busyTenants how many tenants are as busy as the busiest at the same time: rates are of one.
 */
export function planCapacity(catalog: Catalog, busyTenants: number): CapacityPlan {
  const entities = catalog.entities.flatMap((entity) =>
    entity.source.kind === 'dynamodb.source' ? [{ entity, source: entity.source }] : [],
  );
  const known = entities.flatMap(({ entity, source }) => {
    const traffic = trafficOf(entity, source, busyTenants);
    return traffic === undefined ? [] : [{ entity, source, traffic }];
  });
  if (known.length < entities.length)
    return {
      kind: 'unknown',
      entities: entities
        .map(({ entity }) => entity.name)
        .filter((name) => !known.some(({ entity }) => entity.name === name)),
    };
  const names = catalog.table?.globalIndexes.map(({ name }) => name) ?? [];
  return {
    kind: 'planned',
    table: sum(known.map(({ traffic }) => capacityOfTable(traffic))),
    indexes: Object.fromEntries(
      names.map((name) => [
        name,
        sum(
          known.flatMap(({ entity, source, traffic }) => {
            const index = source.indexes.find((each) => each.name === name);
            if (index === undefined) return [];
            const moves = [index.partitionKey, index.sortKey].some((key) => canChange(entity, key));
            const itemBytes = indexItemBytes(entity, source, index, traffic.itemBytes);
            return [capacityOfIndex({ ...traffic, itemBytes }, moves)];
          }),
        ),
      ]),
    ),
  };
}

export const capacityOfTable = ({ changesPerSecond, readsPerSecond, itemBytes }: Traffic): Capacity => ({
  read: (changesPerSecond + readsPerSecond) * readUnits(itemBytes, 'strong'),
  write: changesPerSecond * writeUnits(itemBytes),
});

/** @param moves whether a change can give the index's key another value. */
export const capacityOfIndex = (
  { changesPerSecond, readsPerSecond, itemBytes }: Traffic,
  moves: boolean,
): Capacity => ({
  read: readsPerSecond * readUnits(itemBytes, 'eventual'),
  write: changesPerSecond * writeUnits(itemBytes) * (moves ? 2 : 1),
});

function trafficOf(
  entity: CatalogEntity,
  source: DynamodbSourcePlacement,
  busyTenants: number,
): Traffic | undefined {
  const { changesPerSecond, readsPerSecond, daily, tenant } = entity;
  if (changesPerSecond === undefined || readsPerSecond === undefined || daily === undefined) return undefined;
  const tenants = tenant === undefined ? 1 : busyTenants;
  return {
    changesPerSecond: changesPerSecond * tenants,
    readsPerSecond: readsPerSecond * tenants,
    itemBytes: daily.rowBytes + keyBytes(entity, source),
  };
}

/**
 * What an index holds of an item: never more than all of it, which is also what counts where one of the fields that
 * it holds has no bound.
 */
function indexItemBytes(
  entity: CatalogEntity,
  source: DynamodbSourcePlacement,
  index: CatalogGlobalIndex,
  itemBytes: number,
): number {
  if (index.columns === undefined) return itemBytes;
  const { bytes, open } = jsonRowBound(entity, index.columns);
  return open.length > 0
    ? itemBytes
    : Math.min(itemBytes, bytes + '{}'.length + keyBytes(entity, { ...source, indexes: [index] }));
}

/** The keys of an item, and what marks it: texts without a bound count as nothing, as they do in a row's bytes. */
const keyBytes = (
  entity: CatalogEntity,
  { partitionKey, sortKey, indexes }: DynamodbSourcePlacement,
): number =>
  [partitionKey, sortKey, ...indexes.flatMap((index) => [index.partitionKey, index.sortKey])].reduce(
    (total, template) => total + templateBound(entity, template).bytes,
    0,
  );

const canChange = (entity: CatalogEntity, template: KeyTemplate): boolean =>
  templateColumns(template).some((column) => !columnOf(entity, column).immutable);

const sum = (all: readonly Capacity[]): Capacity =>
  all.reduce((total, each) => ({ read: total.read + each.read, write: total.write + each.write }), {
    read: 0,
    write: 0,
  });
