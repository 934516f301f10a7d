import type { Row, Value } from '../change/change.ts';
import type { CatalogColumn, FieldType } from '../model/index.ts';

/**
 * Orders two canonical values of one type as our PostgreSQL tables do: text by code point, numbers by
 * size, null after everything. JSON values have no order here and compare by their text.
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
      return compareExact(String(a), String(b));
    case 'text':
    case 'oneOf':
    case 'timestamp':
    case 'date':
      return compareText(String(a), String(b));
    case 'json':
      return compareText(JSON.stringify(a), JSON.stringify(b));
  }
}

/** By code point, which is also the order of the bytes of UTF-8; JavaScript's own is by UTF-16 unit. */
export const compareText = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Both have the same number of digits after the point, so without it they are whole numbers. */
function compareExact(a: string, b: string): number {
  const [left, right] = [BigInt(a.replace('.', '')), BigInt(b.replace('.', ''))];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Compares rows by the given columns in turn. */
export function compareRows(columns: readonly CatalogColumn[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { name, type } of columns) {
      const order = compareValues(type, a[name] ?? null, b[name] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  };
}
