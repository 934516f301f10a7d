import { createHash } from 'node:crypto';
import type { Row } from '../../change/change.ts';
import { renderVersion, type Version } from '../../change/version.ts';
import type { CatalogEntity, CatalogMetric } from '../../model/index.ts';
import { columnOf } from '../../model/index.ts';
import { identityOf } from '../value-order.ts';
import { countedValue } from './rollup.ts';

/** What a metric comes to over some rows. */
export interface Totals {
  /**
   * Of rows that count; of a measured column, those that have a value. Null when no row counts at all:
   * then a group by this bucket is not there, which 0 does not say of a measured column.
   */
  readonly count: bigint | null;
  /** Of a measured column's values; null when there are none. */
  readonly sum: bigint | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** A row with its id. */
export interface IdentifiedRow {
  readonly id: string;
  readonly row: Row;
  readonly version: Version;
}

export const noTotals: Totals = { count: null, sum: null, minimum: null, maximum: null };

/** Whether a row counts for a metric. */
export function counts(entity: CatalogEntity, metric: CatalogMetric): (row: Row) => boolean {
  const wanted = metric.where.map((each) => {
    const { name, type } = columnOf(entity, each.column);
    return { name, type, value: identityOf(type, countedValue(entity, each)) };
  });
  return (row) => wanted.every(({ name, type, value }) => identityOf(type, row[name] ?? null) === value);
}

/** Adds a metric up over rows. */
export function addUp(
  entity: CatalogEntity,
  metric: CatalogMetric,
  rows: readonly Pick<IdentifiedRow, 'row'>[],
): Totals {
  const { column } = metric;
  const countsFor = counts(entity, metric);
  return rows
    .filter(({ row }) => countsFor(row))
    .map(({ row }) => (column === undefined ? undefined : (row[column] ?? null)))
    .reduce<Totals>((totals, value) => mergeTotals(totals, totalsOf(value)), noTotals);
}

/** Of one row: undefined where only rows are counted. The compiler lets integers be measured alone. */
function totalsOf(value: Row[string] | undefined): Totals {
  if (value === undefined) return { ...noTotals, count: 1n };
  if (value === null) return { ...noTotals, count: 0n };
  return { count: 1n, sum: BigInt(Number(value)), minimum: Number(value), maximum: Number(value) };
}

/**
 * Stands for a metric and the rows that count for it, with their versions: 128 bits of SHA-256. Since versions only
 * rise, rows that once were others never have this again.
 *
 * @param rows each with its id, in an order that is the same every time.
 */
export function fingerprintOf(
  entity: CatalogEntity,
  metric: CatalogMetric,
  rows: readonly IdentifiedRow[],
): string {
  const countsFor = counts(entity, metric);
  const hash = createHash('sha256').update(JSON.stringify(metric));
  for (const { id, row, version } of rows)
    if (countsFor(row)) hash.update(`\n${renderVersion(version)} ${id}`);
  return hash.digest('hex').slice(0, 32);
}

/** The totals over the rows of both. */
export function mergeTotals(a: Totals, b: Totals): Totals {
  return {
    count: combine(a.count, b.count, (x, y) => x + y),
    sum: combine(a.sum, b.sum, (x, y) => x + y),
    minimum: combine(a.minimum, b.minimum, Math.min),
    maximum: combine(a.maximum, b.maximum, Math.max),
  };
}

/** Null is the total of nothing. */
const combine = <T>(a: T | null, b: T | null, of: (a: T, b: T) => T): T | null =>
  a === null ? b : b === null ? a : of(a, b);
