import { types } from 'cassandra-driver';
import { parseBytes, renderBytes } from '../../change/bytes-text.ts';
import type { Value } from '../../change/change.ts';
import { type CatalogColumn, parseValue, type WideColumn } from '../../model/index.ts';

/** A value as the driver takes it. A column without one is left unset: a null would be a tombstone. */
export type CqlValue =
  | string
  | number
  | bigint
  | boolean
  | Buffer
  | types.BigDecimal
  | typeof types.unset
  | null;

/** A canonical value for a column; JSON as its text. */
export function encodeValue(type: WideColumn['type'], value: Value | undefined): CqlValue {
  if (value === null || value === undefined) return types.unset;
  switch (type) {
    case 'text':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'int':
    case 'double':
      return Number(value);
    case 'bigint':
      return BigInt(String(value));
    case 'decimal':
      return types.BigDecimal.fromString(String(value));
    case 'boolean':
      return value === true;
    case 'blob':
      return parseBytes(String(value));
  }
}

/** A column of type `json` holds JSON's text, of a text too, which `encodeValue` would leave bare. */
export const encodeColumn = (
  column: CatalogColumn,
  type: WideColumn['type'],
  value: Value | undefined,
): CqlValue =>
  column.type.kind === 'json' && value !== null && value !== undefined
    ? JSON.stringify(value)
    : encodeValue(type, value);

/** The canonical value of what the driver gives. */
export function decodeColumn(column: CatalogColumn, value: unknown): Value {
  if (value === null || value === undefined) return null;
  switch (column.type.kind) {
    case 'bytes':
      // The driver gives blobs as buffers.
      return renderBytes(value as Buffer);
    case 'json':
      // encodeColumn is the only writer.
      return JSON.parse(String(value)) as Value;
    case 'bigint':
      return String(value);
    case 'decimal':
      // Another scale than the model's is filled up with zeros.
      return parseValue(column, String(value));
    case 'integer':
    case 'float':
      return Number(value);
    case 'boolean':
      return value === true;
    case 'text':
    case 'oneOf':
    case 'timestamp':
    case 'date':
      return String(value);
  }
}

/** How many bytes a value takes, a decimal rounded up. */
export function byteLength(value: CqlValue): number {
  switch (typeof value) {
    case 'string':
      return Buffer.byteLength(value);
    case 'bigint':
      return 8;
    case 'number':
      return 8;
    case 'boolean':
      return 1;
    default:
      if (Buffer.isBuffer(value)) return value.length;
      return value instanceof types.BigDecimal ? 4 + value.toString().length : 0;
  }
}
