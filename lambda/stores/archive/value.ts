import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { Value } from '../../change/change.ts';
import type { FieldType } from '../../model/index.ts';
import { scaledText } from './decimal.ts';
import { isTextDecimal } from './schema.ts';

const dayMs = 86_400_000;

/** A canonical value as DuckDB takes it, of the type that `duckdbType` says. */
export function toDuckdb(type: FieldType, value: Value): DuckDBValue {
  if (value === null) return null;
  switch (type.kind) {
    case 'text':
    case 'oneOf':
      return String(value);
    case 'integer':
    case 'float':
      return Number(value);
    case 'bigint':
      return BigInt(String(value));
    case 'decimal':
      return isTextDecimal(type)
        ? String(value)
        : new DuckDBDecimalValue(BigInt(String(value).replace('.', '')), type.precision, type.scale);
    case 'boolean':
      return value === true;
    case 'timestamp':
      return new DuckDBTimestampTZValue(microsecondsOf(String(value)));
    case 'date':
      return new DuckDBDateValue(Date.parse(`${String(value)}T00:00:00Z`) / dayMs);
    case 'json':
      return JSON.stringify(value);
  }
}

/** The canonical value of what DuckDB gives for a column of this type. */
export function fromDuckdb(type: FieldType, value: DuckDBValue): Value {
  if (value === null) return null;
  switch (type.kind) {
    case 'integer':
    case 'float':
      return Number(value);
    case 'boolean':
      return value === true;
    case 'decimal':
      return value instanceof DuckDBDecimalValue ? scaledText(value.value, value.scale) : String(value);
    case 'timestamp':
      if (value instanceof DuckDBTimestampTZValue) return timestampText(value.micros);
      break;
    case 'date':
      if (value instanceof DuckDBDateValue) return new Date(value.days * dayMs).toISOString().slice(0, 10);
      break;
    case 'json':
      // What this store wrote is the text of a JSON value.
      return JSON.parse(String(value)) as Value;
    default:
      return String(value);
  }
  throw new TypeError(`DuckDB gave ${String(value)} for a ${type.kind}`);
}

/** Microseconds since the epoch of a canonical timestamp. */
const microsecondsOf = (text: string): bigint =>
  BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1000n + BigInt(text.slice(20, 26));

/** The canonical timestamp of microseconds since the epoch, of the years 1 to 9999. */
export function timestampText(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const second = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, 19);
  return `${second}.${String(fraction).padStart(6, '0')}Z`;
}
