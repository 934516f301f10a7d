import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import { parseBytes, renderBytes } from '../change/bytes-text.ts';
import type { Value } from '../change/change.ts';
import type { FieldType } from '../model/index.ts';
import { microsecondsOf, timestampText } from './instants.ts';

const dayMs = 86_400_000;

/** DuckDB's decimals have at most so many digits; longer ones are kept as their canonical text. */
const maxDecimalDigits = 38;

/** Whether a decimal is kept as a text, whose order is not its own. */
export const isTextDecimal = (type: FieldType): boolean =>
  type.kind === 'decimal' && type.precision > maxDecimalDigits;

/** The type of the values that `toDuckdb` gives. */
export function duckdbTypeOf(type: FieldType): DuckDBType {
  switch (type.kind) {
    case 'text':
    case 'oneOf':
    case 'json':
      return VARCHAR;
    case 'integer':
      return INTEGER;
    case 'bigint':
      return BIGINT;
    case 'decimal':
      return isTextDecimal(type) ? VARCHAR : DECIMAL(type.precision, type.scale);
    case 'float':
      return DOUBLE;
    case 'boolean':
      return BOOLEAN;
    case 'timestamp':
      return TIMESTAMPTZ;
    case 'date':
      return DATE;
    case 'bytes':
      return BLOB;
  }
}

/** A canonical value as DuckDB takes it, of the type that `duckdbTypeOf` says. */
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
    case 'bytes':
      return new DuckDBBlobValue(parseBytes(String(value)));
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
    case 'bytes':
      if (value instanceof DuckDBBlobValue) return renderBytes(value.bytes);
      break;
    case 'json':
      // What this store wrote is the text of a JSON value.
      return JSON.parse(String(value)) as Value;
    default:
      return String(value);
  }
  throw new TypeError(`DuckDB gave ${String(value)} for a ${type.kind}`);
}

/** A number of so many digits after the point, in plain notation: 15 with scale 1 is `1.5`. */
export function scaledText(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
