import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Key, Row, Value } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import {
  type Catalog,
  type CatalogColumn,
  type CatalogEntity,
  type CatalogGlobalIndex,
  columnOf,
  type DynamodbSourcePlacement,
  parseRow,
  parseValue,
  renderKey,
} from '../../model/index.ts';
import { decodeAttribute, encodeAttribute, type ImageValue } from './attribute.ts';

/** An item as the SDK and stream records give it. */
export type Image = Readonly<Record<string, ImageValue>>;
/** An item to be written. */
export type Item = Record<string, AttributeValue>;

/** An item of one of the model's entities. `position` is its version attribute: microseconds. */
export type DecodedItem =
  | {
      readonly kind: 'row';
      readonly entity: CatalogEntity;
      readonly key: Key;
      readonly position: bigint;
      readonly row: Row;
    }
  | {
      readonly kind: 'tombstone';
      readonly entity: CatalogEntity;
      readonly key: Key;
      readonly position: bigint;
      /** The key and, as far as the writer knew them, the immutable columns: what views are located by. */
      readonly before: Row;
    };

/** Seven days of change log and two more: as long as a tombstone must hide what may come again. */
const tombstoneSeconds = 9 * 24 * 3600;

/**
 * Reads an item. Undefined when it is of no entity that the model keeps in DynamoDB.
 *
 * @throws PolystoreError `poison_change` or `invalid_value` for an item of an entity that is no row of it.
 */
export function decodeItem(catalog: Catalog, image: Image): DecodedItem | undefined {
  const entity = catalog.entities.find((candidate) => candidate.name === image.entity?.S);
  if (entity === undefined || entity.source.kind !== 'dynamodb.source') return undefined;
  return decodeItemOf(entity, image);
}

/**
 * Reads an item that is known to be of the entity.
 * @param held the columns that the image has where it comes from an index, the key among them; all by default
 * @throws as `decodeItem`.
 */
export function decodeItemOf(
  entity: CatalogEntity,
  image: Image,
  held: readonly CatalogColumn[] = entity.columns,
): DecodedItem {
  const key = decodeColumns(
    entity.key.map((name) => columnOf(entity, name)),
    image,
  );
  const position = decodePosition(entity, key, image);
  if (image.deleted?.BOOL === true) {
    const kept = settledColumns(entity).filter(({ name }) => image[name] !== undefined);
    const before = { ...key, ...decodeColumns(kept, image) };
    return { kind: 'tombstone', entity, key, position, before };
  }
  if (held.length < entity.columns.length)
    return { kind: 'row', entity, key, position, row: decodeColumns(held, image) };
  const known = entity.columns.flatMap((column) => {
    const attribute = image[column.name];
    return attribute === undefined ? [] : [[column.name, decodeAttribute(column, attribute)] as const];
  });
  return { kind: 'row', entity, key, position, row: parseRow(entity, Object.fromEntries(known)) };
}

function decodeColumns(columns: readonly CatalogColumn[], image: Image): Row {
  const row: Record<string, Value> = {};
  for (const column of columns) {
    const attribute = image[column.name];
    row[column.name] = parseValue(
      column,
      attribute === undefined ? null : decodeAttribute(column, attribute),
    );
  }
  return row;
}

function decodePosition(entity: CatalogEntity, key: Key, image: Image): bigint {
  const text = image.version?.N;
  if (text !== undefined && /^\d{1,17}$/.test(text)) return BigInt(text);
  throw new PolystoreError(
    'poison_change',
    `the item ${JSON.stringify(key)} of ${entity.name} has the version ${JSON.stringify(image.version)}; a whole number of microseconds is expected. Items written by others must be given one`,
  );
}

/** A live item: the row's columns as attributes, null ones absent, and the keys of its indexes. */
export function encodeRow(entity: CatalogEntity, row: Row, position: bigint): Item {
  const item = encodeBase(entity, row, position);
  for (const column of entity.columns) {
    const value = row[column.name];
    if (value !== null && value !== undefined) item[column.name] = encodeAttribute(column.type, value);
  }
  for (const index of sourceOf(entity).indexes) {
    const keys = encodeIndexKeys(entity, index, row);
    if (keys === undefined) continue;
    item[`${index.name}_pk`] = { S: keys.partition };
    item[`${index.name}_sk`] = { S: keys.sort };
  }
  return item;
}

/** The keys of a row in a global index; undefined where it lacks a part of them, and so is not in that index. */
export function encodeIndexKeys(
  entity: CatalogEntity,
  index: CatalogGlobalIndex,
  row: Row,
): { readonly partition: string; readonly sort: string } | undefined {
  const partition = renderKey(index.partitionKey, row);
  const sort = renderKey(index.sortKey, row);
  if (partition === undefined || sort === undefined) return undefined;
  const suffix = index.spread > 1 ? `#${spreadOf(encodeItemKey(entity, row), index.spread)}` : '';
  return { partition: partition + suffix, sort };
}

/**
 * What stands in a deleted row's place: its key and immutable columns, no index keys, and the second at
 * which DynamoDB may remove it.
 */
export function encodeTombstone(entity: CatalogEntity, row: Row, position: bigint, nowMs: number): Item {
  const item = encodeBase(entity, row, position);
  item.deleted = { BOOL: true };
  item.ttl = { N: String(Math.floor(nowMs / 1000) + tombstoneSeconds) };
  for (const column of settledColumns(entity)) {
    const value = row[column.name];
    if (value !== null && value !== undefined) item[column.name] = encodeAttribute(column.type, value);
  }
  return item;
}

function encodeBase(entity: CatalogEntity, row: Row, position: bigint): Item {
  return {
    ...encodeItemKey(entity, row),
    entity: { S: entity.name },
    version: { N: String(position) },
  };
}

/** The primary key of the item that holds a key of an entity. @throws `invalid_value` when a part is missing. */
export function encodeItemKey(
  entity: CatalogEntity,
  key: Row,
): { readonly pk: AttributeValue; readonly sk: AttributeValue } {
  const { partitionKey, sortKey } = sourceOf(entity);
  const [pk, sk] = [renderKey(partitionKey, key), renderKey(sortKey, key)];
  if (pk === undefined || sk === undefined) {
    throw new PolystoreError(
      'invalid_value',
      `${JSON.stringify(key)} is no key of ${entity.name}: it takes ${entity.key.join(', ')}`,
    );
  }
  return { pk: { S: pk }, sk: { S: sk } };
}

/** Which of `spread` partitions an item's index entry is in: decided by its primary key alone. */
function spreadOf(item: ReturnType<typeof encodeItemKey>, spread: number): number {
  const hash = createHash('sha256')
    .update(JSON.stringify([item.pk.S, item.sk.S]))
    .digest();
  return hash.readUInt32BE(0) % spread;
}

/** Columns that never change: what a tombstone keeps. */
const settledColumns = (entity: CatalogEntity): readonly CatalogColumn[] =>
  entity.columns.filter((column) => column.immutable);

/** The DynamoDB side of an entity. @throws `not_supported` for an entity whose source is elsewhere. */
export function sourceOf(entity: CatalogEntity): DynamodbSourcePlacement {
  if (entity.source.kind === 'dynamodb.source') return entity.source;
  throw new PolystoreError(
    'not_supported',
    `${entity.name} has its source in ${entity.source.kind.split('.')[0]}; the DynamoDB store holds sources of kind dynamodb.source`,
  );
}
