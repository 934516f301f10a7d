import type { Row, Value } from '../change/change.ts';
import type { CatalogColumn, FieldType } from '../model/index.ts';

/**
 * Orders two canonical values of one type as our PostgreSQL tables do: text by code point, numbers by
 * size, null after everything. A decimal may have any number of digits, as a constant that a column is
 * compared with does. JSON values have no order here and compare by their text.
 * Returns a number below, at or above 0.
 */
export function compareValues(type: FieldType, a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  switch (type.kind) {
    case 'integer':
    case 'float':
    case 'boolean':
      return Number(a) - Number(b) < 0 ? -1 : Number(a) === Number(b) ? 0 : 1;
    case 'bigint':
    case 'decimal':
      return compareDecimals(String(a), String(b));
    case 'text':
    case 'oneOf':
      return compareText(String(a), String(b));
    // Their canonical texts are ASCII, of which JavaScript's own order is that of the code points.
    case 'timestamp':
    case 'date':
    case 'bytes':
      return String(a) < String(b) ? -1 : 1;
    case 'json':
      return compareText(JSON.stringify(a), JSON.stringify(b));
  }
}

/** By code point, which is also the order of the bytes of UTF-8; JavaScript's own is by UTF-16 unit. */
export const compareText = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Compares values as `order by` does: in its direction, nulls where it says. */
export function compareInOrder(
  type: FieldType,
  { descending, nullsFirst }: { readonly descending: boolean; readonly nullsFirst: boolean },
): (a: Value, b: Value) => number {
  return (a, b) => {
    if (a === null && b === null) return 0;
    if (a === null) return nullsFirst ? -1 : 1;
    if (b === null) return nullsFirst ? 1 : -1;
    const difference = compareValues(type, a, b);
    return descending ? -difference : difference;
  };
}

/** Compares by several comparisons: the first that tells two items apart decides. */
export function inTurn<T>(comparisons: readonly ((a: T, b: T) => number)[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const compare of comparisons) {
      const difference = compare(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

/** Compares rows by the given columns in turn. */
export const compareRows = (columns: readonly CatalogColumn[]): ((a: Row, b: Row) => number) =>
  inTurn(
    columns.map(
      ({ name, type }) =>
        (a: Row, b: Row) =>
          compareValues(type, a[name] ?? null, b[name] ?? null),
    ),
  );

/**
 * The value itself, or of several that say the same the one that stands for them, so that a set of them
 * knows equal ones. Only decimals of any number of digits have several. Null is null.
 */
export function identityOf(type: FieldType, value: Value): Value {
  if (type.kind !== 'decimal' || value === null) return value;
  const { sign, whole, fraction } = splitDecimal(String(value));
  const digits = `${whole.replace(/^0+/, '')}.${fraction.replace(/0+$/, '')}`;
  return sign < 0n && digits !== '.' ? `-${digits}` : digits;
}

/** Plain decimal notation of any length, compared exactly. */
function compareDecimals(a: string, b: string): number {
  const [left, right] = [splitDecimal(a), splitDecimal(b)];
  const scale = Math.max(left.fraction.length, right.fraction.length);
  const scaled = (one: { sign: bigint; whole: string; fraction: string }): bigint =>
    one.sign * BigInt(one.whole + one.fraction.padEnd(scale, '0'));
  const difference = scaled(left) - scaled(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function splitDecimal(text: string): { sign: bigint; whole: string; fraction: string } {
  const [whole = '0', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  return { sign: text.startsWith('-') ? -1n : 1n, whole: whole === '' ? '0' : whole, fraction };
}

/**
 * The next value of a type whose values can be counted up, so that `< x` is `<= the one before x`.
 * Undefined where there is no next one, or no counting.
 */
export function stepValue(type: FieldType, value: Value, step: 1 | -1): Value | undefined {
  switch (type.kind) {
    case 'integer': {
      const next = Number(value) + step;
      return next >= -(2 ** 31) && next < 2 ** 31 ? next : undefined;
    }
    case 'timestamp':
      return stepTimestamp(String(value), step);
    case 'date': {
      const next = new Date(Date.parse(`${String(value)}T00:00:00Z`) + step * 86_400_000).toISOString();
      return /^(?!0000)\d{4}-/.test(next) ? next.slice(0, 10) : undefined;
    }
    default:
      return undefined;
  }
}

function stepTimestamp(text: string, step: 1 | -1): string | undefined {
  const micros = Number(text.slice(20, 26)) + step;
  const carry = micros < 0 ? -1 : micros > 999_999 ? 1 : 0;
  const second = new Date(Date.parse(`${text.slice(0, 19)}Z`) + carry * 1000).toISOString();
  if (!/^(?!0000)\d{4}-/.test(second)) return undefined;
  return `${second.slice(0, 19)}.${String((micros + 1_000_000) % 1_000_000).padStart(6, '0')}Z`;
}
