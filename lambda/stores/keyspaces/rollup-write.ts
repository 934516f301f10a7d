import type { Change, Value } from '../../change/change.ts';
import {
  type CatalogMetric,
  rollupColumns as columns,
  type KeyspacesRollupPlacement,
  termValue,
  type WideTable,
} from '../../model/index.ts';
import { knownRow, placementName } from '../placement.ts';
import type { ApplyResult, Placement, SliceFragment } from '../store.ts';
import { limits } from './limits.ts';
import type { CqlRow } from './read.ts';
import { type RollupPlan, rollupOf, sharedTenant } from './rollup.ts';
import type { Bucket } from './rollup-answer.ts';
import { qualified, quote } from './schema.ts';
import { counts, type Totals } from './totals.ts';
import { type Bound, mayReplace } from './write.ts';

/** An hour of a tenant, whose metrics are worked out together. */
export interface TouchedBucket {
  /** As partitions name it. */
  readonly tenant: string;
  /** `2013-01-01T10` */
  readonly hour: string;
  /** What fixes the partition of the rows that the hour is worked out from. */
  readonly equal: Readonly<Record<string, Value>>;
  /** Those that may have changed. */
  readonly metrics: readonly CatalogMetric[];
}

export interface RollupWork {
  readonly buckets: readonly TouchedBucket[];
  readonly rejected: ApplyResult['rejected'];
}

/**
 * The buckets that changes fall into. The hour of a row never changes; a row that was deleted and came again
 * in another hour has a change in either. An event that comes never was anything else, so that it changes only
 * the metrics that it counts for; any other change may have taken a row from any of them.
 */
export function planRollupWork(placement: Placement, changes: readonly Change[]): RollupWork {
  const { bucket, metrics } = rollupOf(placement);
  const { tenant } = placement.entity;
  const rejected: { change: Change; reason: string }[] = [];
  const tests = metrics.map((metric) => ({ metric, countsFor: counts(placement.entity, metric) }));
  const buckets = new Map<string, TouchedBucket>();
  for (const change of changes) {
    const row = knownRow(change);
    const at = row[bucket.column] ?? null;
    const owner = tenant === undefined ? sharedTenant : (row[tenant] ?? null);
    if (at === null || owner === null) {
      const reason = `${placementName(placement)} keeps totals by ${bucket.column}, which the ${change.kind} does not say`;
      rejected.push({ change, reason });
      continue;
    }
    const longest = Math.max(0, ...metrics.map(({ name }) => partitionBytes(String(owner), name)));
    if (longest > limits.partitionKeyBytes) {
      const reason = `${placementName(placement)} cannot hold the totals: their partition key has ${longest} bytes; Keyspaces takes ${limits.partitionKeyBytes}`;
      rejected.push({ change, reason });
      continue;
    }
    const touched = mayReplace(placement, change)
      ? metrics
      : tests.filter(({ countsFor }) => countsFor(row)).map(({ metric }) => metric);
    if (touched.length === 0) continue;
    const hour = termValue('hour', at);
    const id = `${hour}|${String(owner)}`;
    buckets.set(id, {
      tenant: String(owner),
      hour,
      metrics: [...new Set([...(buckets.get(id)?.metrics ?? []), ...touched])],
      equal: { ...(tenant !== undefined && { [tenant]: owner }), [bucket.column]: at },
    });
  }
  return { buckets: [...buckets.values()], rejected };
}

const monthBytes = '2013-01'.length;
const partitionBytes = (tenant: string, metric: string): number =>
  Buffer.byteLength(tenant) + Buffer.byteLength(metric) + monthBytes;

/** The placement of the rows that a rollup is worked out from. */
export function sourceOf(placement: Placement): Placement {
  const { from } = rollupOf(placement);
  const target = placement.entity.views.find(({ name }) => name === from);
  // The compiler has proved that the view is there.
  if (target === undefined) throw new TypeError(`${placement.entity.name} has no view ${from}`);
  return { entity: placement.entity, target };
}

/** The columns that metrics are worked out from. */
export const measuredColumns = ({ metrics }: KeyspacesRollupPlacement): readonly string[] => [
  ...new Set(
    metrics.flatMap(({ column, where }) => [
      ...(column === undefined ? [] : [column]),
      ...where.map((condition) => condition.column),
    ]),
  ),
];

/** All rows of a bucket. */
export const rowsOfBucket = (placement: Placement, { equal }: TouchedBucket): SliceFragment => ({
  kind: 'slice',
  placement: sourceOf(placement),
  index: undefined,
  equal,
  from: undefined,
  to: undefined,
  order: 'ascending',
  limit: undefined,
});

interface RollupTable {
  readonly keyspace: string;
  readonly table: WideTable;
}

const keyColumns = [columns.tenant, columns.metric, columns.month, columns.hour];
const totalColumns = [columns.count, columns.sum, columns.minimum, columns.maximum];
const valueColumns = [...totalColumns, columns.fingerprint];
const key = ({ tenant, hour }: TouchedBucket, metric: CatalogMetric): Bound['params'] => [
  tenant,
  metric.name,
  termValue('month', hour),
  hour,
];
const equalTo = (names: readonly string[], between: string): string =>
  names.map((name) => `${quote(name)} = ?`).join(between);

/** What a bucket's last writer left. */
export const stateOf = (
  { keyspace, table }: RollupTable,
  bucket: TouchedBucket,
  metric: CatalogMetric,
): Bound => ({
  cql: `SELECT ${[columns.revision, ...valueColumns].map(quote).join(', ')} FROM ${qualified(keyspace, table)} WHERE ${equalTo(keyColumns, ' AND ')}`,
  params: key(bucket, metric),
});

/** What a bucket is set to. */
export interface BucketState {
  readonly totals: Totals;
  readonly fingerprint: string;
}

/** Sets a bucket where its revision is still this; undefined: where there is none. */
export function setBucket(
  { keyspace, table }: RollupTable,
  bucket: TouchedBucket,
  metric: CatalogMetric,
  { totals, fingerprint }: BucketState,
  revision: bigint | undefined,
): Bound {
  const values = [totals.count, totals.sum, totals.minimum, totals.maximum, fingerprint];
  const name = qualified(keyspace, table);
  if (revision === undefined) {
    const names = [...keyColumns, ...valueColumns, columns.revision];
    return {
      cql: `INSERT INTO ${name} (${names.map(quote).join(', ')}) VALUES (${names.map(() => '?').join(', ')}) IF NOT EXISTS USING TTL 0`,
      params: [...key(bucket, metric), ...values, 1n],
    };
  }
  return {
    cql: `UPDATE ${name} USING TTL 0 SET ${equalTo([...valueColumns, columns.revision], ', ')} WHERE ${equalTo(keyColumns, ' AND ')} IF ${quote(columns.revision)} = ?`,
    params: [...values, revision + 1n, ...key(bucket, metric), revision],
  };
}

/** A statement for each partition that an answer is read from. */
export const bucketsOf = (
  { keyspace, table }: RollupTable,
  { tenant, metrics, months, fromHour, toHour }: RollupPlan,
): readonly Bound[] => {
  const [hour, ...partition] = [columns.hour, columns.tenant, columns.metric, columns.month];
  const cql = `SELECT ${[columns.metric, hour, ...totalColumns].map(quote).join(', ')} FROM ${qualified(keyspace, table)} WHERE ${equalTo(partition, ' AND ')} AND ${quote(hour)} >= ? AND ${quote(hour)} < ?`;
  return metrics.flatMap((metric) =>
    months.map((month) => ({ cql, params: [tenant, metric.name, month, fromHour, toHour] })),
  );
};

export const decodeBucket = (row: CqlRow): Bucket => ({
  metric: String(row[columns.metric]),
  hour: String(row[columns.hour]),
  totals: decodeTotals(row),
});

const decodeTotals = (row: CqlRow): Totals => ({
  count: bigintOf(row[columns.count]),
  sum: bigintOf(row[columns.sum]),
  minimum: numberOf(row[columns.minimum]),
  maximum: numberOf(row[columns.maximum]),
});

/** Undefined where there is no bucket yet. */
export const decodeState = (
  rows: readonly CqlRow[],
): (BucketState & { readonly revision: bigint }) | undefined => {
  const [row] = rows;
  return row === undefined
    ? undefined
    : {
        revision: BigInt(String(row[columns.revision])),
        fingerprint: String(row[columns.fingerprint]),
        totals: decodeTotals(row),
      };
};

const bigintOf = (value: unknown): bigint | null =>
  value === null || value === undefined ? null : BigInt(String(value));
const numberOf = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value);
