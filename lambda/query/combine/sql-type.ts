import type { Value } from '../../change/change.ts';
import type { CatalogColumn, FieldType } from '../../model/index.ts';
import { quoteText } from '../../stores/sql-quote.ts';
import { coerceOperand, type Operand, parsed } from '../operand.ts';
import { Unrecognised } from '../unrecognised.ts';

/**
 * What an expression of the combine step is of: the types of fields (`oneOf` is text), what lies between two times,
 * and an average, whose digits only PostgreSQL's own way of dividing gives.
 */
export type SqlType =
  | Exclude<FieldType, { readonly kind: 'oneOf' }>
  | { readonly kind: 'interval' }
  | { readonly kind: 'average' };
/** Those of them that something selected can have. */
export type OutputSqlType = Exclude<SqlType, { readonly kind: 'interval' }>;
/** Those of them that a column of an entity can have. */
export type ColumnSqlType = Exclude<OutputSqlType, { readonly kind: 'average' }>;
export type DecimalType = Extract<SqlType, { readonly kind: 'decimal' }>;

/** Digits that DuckDB's decimals hold. */
export const mostDigits = 38;

export const text: ColumnSqlType = { kind: 'text' };
export const integer: ColumnSqlType = { kind: 'integer' };
export const bigint: ColumnSqlType = { kind: 'bigint' };
export const float: ColumnSqlType = { kind: 'float' };
export const boolean: ColumnSqlType = { kind: 'boolean' };
export const timestamp: ColumnSqlType = { kind: 'timestamp' };
export const date: ColumnSqlType = { kind: 'date' };
const bytes: ColumnSqlType = { kind: 'bytes' };
export const interval: SqlType = { kind: 'interval' };

/** @throws Unrecognised beyond 38 digits, where PostgreSQL would go on. */
export function decimal(precision: number, scale: number): DecimalType {
  if (precision > mostDigits || scale > mostDigits)
    throw new Unrecognised(`a decimal of ${Math.max(precision, scale)} digits: ${mostDigits} are combined`);
  return { kind: 'decimal', precision, scale };
}

/** @throws Unrecognised for what lies between two times: PostgreSQL writes it in a way of its own. */
export function outputType(type: SqlType): OutputSqlType {
  if (type.kind === 'interval') throw new Unrecognised('an interval in the answer');
  return type;
}

/** The type that a column of the model has in the combine step. */
export function typeOfColumn({ type }: CatalogColumn): ColumnSqlType {
  if (type.kind === 'oneOf' || type.kind === 'text') return text;
  if (type.kind === 'bytes') return bytes;
  return type.kind === 'decimal' ? decimal(type.precision, type.scale) : type;
}

/** DuckDB's type for it. Times are without a zone, all in UTC; JSON is its text. */
export function duckdbType(type: SqlType): string {
  switch (type.kind) {
    case 'text':
    case 'json':
      return 'VARCHAR';
    case 'integer':
      return 'INTEGER';
    case 'bigint':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'float':
      return 'DOUBLE';
    case 'boolean':
      return 'BOOLEAN';
    case 'timestamp':
      return 'TIMESTAMP';
    case 'date':
      return 'DATE';
    case 'bytes':
      return 'BLOB';
    case 'interval':
      return 'INTERVAL';
    case 'average':
      return 'HUGEINT';
  }
}

export const castTo = (sql: string, type: SqlType): string => `CAST(${sql} AS ${duckdbType(type)})`;

export const isNumber = ({ kind }: SqlType): boolean =>
  kind === 'integer' || kind === 'bigint' || kind === 'decimal' || kind === 'float';

export const isWhole = ({ kind }: SqlType): boolean => kind === 'integer' || kind === 'bigint';

/** A whole number or a decimal as a decimal. */
export function asDecimal(type: SqlType): DecimalType {
  if (type.kind === 'decimal') return type;
  return decimal(type.kind === 'integer' ? 10 : 19, 0);
}

const nullOf = (type: SqlType): string => castTo('NULL', type);

/** A canonical value as a literal of its type. */
export function literal(value: Value, type: SqlType): string {
  if (value === null) return nullOf(type);
  if (type.kind === 'timestamp') return castTo(quoteText(String(value).slice(0, -1)), type);
  if (type.kind === 'bytes') return `from_hex(${quoteText(String(value).slice(2))})`;
  return castTo(quoteText(String(value)), type);
}

/** A literal, and the type that it is of. */
export interface Literal {
  readonly sql: string;
  readonly type: SqlType;
}

/**
 * A constant or a parameter as a literal of the type of what it meets, as PostgreSQL reads one that is untyped; a
 * decimal has as many digits as it is written with.
 * @throws Unrecognised `invalid_value` where it is not certain what PostgreSQL would read.
 */
export function constantOf(operand: Operand, type: SqlType): Literal {
  if (operand.kind === 'null') return { sql: nullOf(type), type };
  if (type.kind === 'interval') return { sql: intervalOf(operand), type };
  if (type.kind === 'average') throw new Unrecognised('a value beside an average');
  if (type.kind === 'bytes') return { sql: bytesOf(operand), type };
  const wanted: SqlType & FieldType = type.kind === 'decimal' ? decimalOf(withoutBlanks(operand)) : type;
  const value = coerceOperand(columnFor(wanted), type.kind === 'text' ? operand : withoutBlanks(operand));
  if (value === undefined || value === null) {
    const received =
      'text' in operand ? operand.text : JSON.stringify('value' in operand ? operand.value : null);
    throw new Unrecognised(
      `the value ${received.slice(0, 80)}, which is not plainly of type ${type.kind}`,
      'invalid_value',
    );
  }
  return { sql: literal(value, wanted), type: wanted };
}

/** PostgreSQL passes over blanks around every value but a text. */
const withoutBlanks = (operand: Operand): Operand =>
  operand.kind === 'text'
    ? { ...operand, text: operand.text.replace(/^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g, '') }
    : operand;

/** A value is read as that of a column would be. */
const columnFor = (type: FieldType): CatalogColumn => ({
  name: 'value',
  field: 'value',
  type,
  optional: true,
  immutable: false,
});

/** The type of a decimal constant: as many digits as it is written with. */
function decimalOf(operand: Operand): DecimalType {
  const written = 'text' in operand ? /^[+-]?0*(\d*)\.?(\d*)$/.exec(operand.text) : null;
  if (written === null) throw new Unrecognised('a decimal that is not plainly written', 'invalid_value');
  const [, whole = '', fraction = ''] = written;
  return decimal(Math.max(1, whole.length + fraction.length), fraction.length);
}

/** The type that PostgreSQL gives to a number as written. */
export function typeOfNumber(written: string): SqlType {
  if (/^-?\d+$/.test(written)) {
    const value = BigInt(written);
    if (BigInt.asIntN(32, value) === value) return integer;
    if (BigInt.asIntN(64, value) === value) return bigint;
  }
  return decimalOf({ kind: 'number', text: written, cast: undefined });
}

/** PostgreSQL's other form, of escapes, is not read. */
function bytesOf(operand: Operand): string {
  const value = operand.kind === 'text' ? parsed(columnFor({ kind: 'bytes' }), operand.text) : undefined;
  if (value === undefined)
    throw new Unrecognised(
      'bytes that are not written as \\x and two hexadecimal digits each',
      'invalid_value',
    );
  return literal(value, bytes);
}

const units = 'year|month|week|day|hour|minute|second';
const intervalForm = new RegExp(`^\\s*[+-]?\\d{1,6} (${units})s?( [+-]?\\d{1,6} (${units})s?)*\\s*$`);

function intervalOf(operand: Operand): string {
  if (operand.kind !== 'text' || !intervalForm.test(operand.text))
    throw new Unrecognised(
      'an interval that is not plainly a number of units, such as 1 day or 2 hours 30 minutes',
      'invalid_value',
    );
  return `CAST(${quoteText(operand.text.trim())} AS INTERVAL)`;
}
