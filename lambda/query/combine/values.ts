import { DuckDBTimestampValue, type DuckDBType, type DuckDBValue, TIMESTAMP } from '@duckdb/node-api';
import type { Value } from '../../change/change.ts';
import * as stored from '../../stores/duckdb-values.ts';
import { microsecondsOf, timestampText } from '../../stores/instants.ts';
import type { ColumnSqlType } from './sql-type.ts';

/** The type of the values that `toDuckdb` gives: what stores have, but for times without a zone. */
export const typeOfValues = (type: ColumnSqlType): DuckDBType =>
  type.kind === 'timestamp' ? TIMESTAMP : stored.duckdbTypeOf(type);

/** A canonical value of a column as DuckDB takes it. */
export const toDuckdb = (type: ColumnSqlType, value: Value): DuckDBValue =>
  type.kind === 'timestamp' && value !== null
    ? new DuckDBTimestampValue(microsecondsOf(String(value)))
    : stored.toDuckdb(type, value);

/**
 * The canonical value of what DuckDB gives. A whole number of 64 bits is text where it is a column's, and a number
 * where it was computed and a number holds it, as PostgreSQL's answers have it here.
 */
export function fromDuckdb(type: ColumnSqlType, isColumn: boolean, value: DuckDBValue): Value {
  if (type.kind === 'timestamp' && value instanceof DuckDBTimestampValue) return timestampText(value.micros);
  const isNumber =
    type.kind === 'bigint' && !isColumn && value !== null && Number.isSafeInteger(Number(value));
  return isNumber ? Number(value) : stored.fromDuckdb(type, value);
}
