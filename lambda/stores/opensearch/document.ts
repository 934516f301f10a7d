import type { Change, Key, Row, Value } from '../../change/change.ts';
import { renderVersion } from '../../change/version.ts';
import { type CatalogColumn, columnOf, type Json } from '../../model/index.ts';
import { heldColumns, projectRow, rowId } from '../placement.ts';
import { bucketOf, inOrder, maxBuckets } from '../row-hash.ts';
import type { Placement } from '../store.ts';
import {
  bucketField,
  deletedField,
  keyField,
  maxTermBytes,
  orderField,
  orderTypeOf,
  versionField,
} from './field.ts';
import { placeDecimal } from './sortable-decimal.ts';

/** A document's source, as JSON gives it. */
export type Source = Readonly<Record<string, unknown>>;

/** The document of a change, a row's or a tombstone's. */
export const renderDocument = (placement: Placement, change: Change, nowMs: number): Source => ({
  ...(change.kind === 'upsert' ? renderRow(placement, change.row) : renderTombstone(change.key, nowMs)),
  [versionField]: renderVersion(change.version),
  [bucketField]: bucketOf(rowId(placement, change.key), maxBuckets),
});

/**
 * A row's values by column, JSON as its text and absent ones left out, and beside them what some are ordered by.
 */
function renderRow(placement: Placement, row: Row): Source {
  const source: Record<string, Json> = {};
  const order: Record<string, string> = {};
  for (const column of heldColumns(placement)) {
    const { name, type } = column;
    const value = row[name] ?? null;
    if (value === null) continue;
    // In the order by which digests tell it: they are of the text.
    source[name] = type.kind === 'json' ? JSON.stringify(inOrder(value)) : value;
    const orderType = orderTypeOf(column);
    if (orderType !== undefined) order[name] = placeDecimal(orderType, String(value)).text;
  }
  return Object.keys(order).length === 0 ? source : { ...source, [orderField]: order };
}

/** What stays of a deleted row: nothing that a search could find. */
const renderTombstone = (key: Key, nowMs: number): Source => ({
  [deletedField]: nowMs,
  [keyField]: JSON.stringify(key),
});

/** The row of a document, or these columns of it; undefined for a tombstone. */
export function rowOf(
  placement: Placement,
  source: Source,
  columns: readonly CatalogColumn[] = heldColumns(placement),
): Row | undefined {
  if (source[deletedField] !== undefined) return undefined;
  return Object.fromEntries(columns.map((column) => [column.name, heldValue(column, source[column.name])]));
}

function heldValue({ type }: CatalogColumn, held: unknown): Value {
  if (held === undefined || held === null) return null;
  // A large float without a fraction is read as a bigint.
  if (type.kind === 'float') return Number(held);
  // We wrote the text from a JSON value, and all other values as they are.
  return type.kind === 'json' ? (JSON.parse(String(held)) as Json) : (held as Json);
}

/** Why a row can never be held; undefined when it can. */
export function refusalOf(placement: Placement, row: Row): string | undefined {
  const projected = projectRow(placement, row);
  const tooLong = heldColumns(placement)
    .filter(({ type }) => type.kind === 'text' || type.kind === 'oneOf')
    .map(({ name }) => ({ name, bytes: Buffer.byteLength(String(projected[name] ?? '')) }))
    .find(({ bytes }) => bytes > maxTermBytes);
  if (tooLong === undefined) return undefined;
  return `${tooLong.name} has ${tooLong.bytes} bytes, and OpenSearch finds rows by texts of ${maxTermBytes} bytes at most. Shorten it, or leave ${columnOf(placement.entity, tooLong.name).field} out of the view's fields`;
}
