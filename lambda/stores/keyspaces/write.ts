import { type Change, coalesce } from '../../change/change.ts';
import { renderVersion } from '../../change/version.ts';
import { columnOf, keyspacesRowBytes, subBucketBytes, versionBytes, wideColumns } from '../../model/index.ts';
import { expiryOf, knownRow, placementName, placeOf } from '../placement.ts';
import type { ApplyResult, Placement } from '../store.ts';
import { keepTombstonesMs } from '../tombstone.ts';
import { limits } from './limits.ts';
import { locationOf, type Place, sumBytes } from './place.ts';
import { columnsOf, qualified, quote, type TableView } from './schema.ts';
import { type CqlValue, encodeColumn, encodeValue } from './value.ts';

const secondMs = 1000;
/** The longest time to live, 20 years. Rows that expire later are hidden by readers, and stay. */
const maxTtlSeconds = 630_720_000;
/** Cassandra counts the seconds to which a row lives in 31 bits, which end in January 2038. */
const lastSecond = 2 ** 31 - 2;

/** A statement with its values. */
export interface Bound {
  readonly cql: string;
  readonly params: readonly CqlValue[];
}

export interface WritePlan {
  /** Each of one partition, within the limits of a batch. */
  readonly batches: readonly (readonly Bound[])[];
  /** Rows of which an older version may be held, which must be swept once these are written. */
  readonly sweeps: readonly Place[];
  readonly rejected: ApplyResult['rejected'];
}

export interface WriteContext {
  readonly keyspace: string;
  readonly nowMs: number;
}

/** One insert for each change, put together by partition. */
export function planWrite(
  placement: Placement,
  tableView: TableView,
  changes: readonly Change[],
  context: WriteContext,
): WritePlan {
  const rejected: { change: Change; reason: string }[] = [];
  const byPartition = new Map<string, { readonly bound: Bound; readonly bytes: number }[]>();
  const sweeps: Place[] = [];
  for (const change of coalesce(changes, placeOf(placement))) {
    const location = locationOf(placement, tableView, knownRow(change));
    if (location.kind === 'outside') continue;
    const name = placementName(placement);
    if (location.kind === 'unknown') {
      const reason = `${name} places rows by ${location.missing.join(', ')}, which the ${change.kind} does not say`;
      rejected.push({ change, reason });
      continue;
    }
    if (location.kind === 'refused') {
      rejected.push({ change, reason: `${name} cannot hold the row: ${location.reason}` });
      continue;
    }
    const insert = renderInsert({ placement, tableView, location, change }, context);
    if (insert.kind === 'refused') {
      rejected.push({ change, reason: insert.reason });
      continue;
    }
    const partition = partitionText(location);
    const rows = byPartition.get(partition) ?? [];
    byPartition.set(partition, rows);
    rows.push(insert);
    if (mayReplace(placement, change)) sweeps.push(location);
  }
  return { batches: [...byPartition.values()].flatMap(intoBatches), sweeps, rejected };
}

interface RowChange {
  readonly placement: Placement;
  readonly tableView: TableView;
  readonly location: Place;
  readonly change: Change;
}

/** The insert of a change's row. */
export function renderInsert(
  { placement, tableView, location, change }: RowChange,
  { keyspace, nowMs }: WriteContext,
):
  | { readonly kind: 'insert'; readonly bound: Bound; readonly bytes: number }
  | { readonly kind: 'refused'; readonly reason: string } {
  const params = rowParams(placement, tableView, location, change, nowMs);
  const bytes = rowBytes(tableView, location, params);
  if (bytes <= limits.rowBytes)
    return { kind: 'insert', bound: { cql: insertText(keyspace, tableView), params }, bytes };
  return {
    kind: 'refused',
    reason: `${placementName(placement)} cannot hold the row: it takes about ${bytes} bytes; Keyspaces takes ${limits.rowBytes}`,
  };
}

/** Equal for places of one partition. */
export const partitionText = ({ partition, subBucket }: Place): string =>
  [...partition.map((value) => `${String(value).length}:${String(value)}`), subBucket].join('|');

/** An event is written once and stays, unless it is deleted: nothing older lies under it. */
export const mayReplace = ({ entity }: Placement, change: Change): boolean =>
  entity.source.kind !== 'kafka.source' || change.kind === 'delete';

function insertText(keyspace: string, { table }: TableView): string {
  const columns = columnsOf(table);
  const names = columns.map(({ name }) => quote(name)).join(', ');
  const marks = columns.map(() => '?').join(', ');
  return `INSERT INTO ${qualified(keyspace, table)} (${names}) VALUES (${marks}) USING TTL ?`;
}

/** In the order of the table's columns, then the time to live. A row that no reader may see is a tombstone. */
function rowParams(
  placement: Placement,
  { table }: TableView,
  { partition, subBucket, clustering }: Place,
  change: Change,
  nowMs: number,
): readonly CqlValue[] {
  const expiry = change.kind === 'upsert' ? expiryOf(placement, change.row) : undefined;
  const row = change.kind === 'upsert' && (expiry === undefined || expiry > nowMs) ? change.row : undefined;
  const values = table.columns.map(({ name, type }): CqlValue => {
    if (name === wideColumns.deleted) return encodeValue('boolean', row === undefined ? true : null);
    if (name === wideColumns.expires)
      return encodeValue('bigint', row === undefined || expiry === undefined ? null : String(expiry));
    return encodeColumn(columnOf(placement.entity, name), type, row?.[name]);
  });
  const ends = row === undefined || expiry !== undefined;
  const ttl = ends ? timeToLive(Math.max(expiry ?? nowMs, nowMs) + keepTombstonesMs, nowMs) : 0;
  return [...partition, subBucket, ...clustering, renderVersion(change.version), ...values, ttl];
}

/** In whole seconds, rounded up; 0 is for ever. */
function timeToLive(untilMs: number, nowMs: number): number {
  const seconds = Math.ceil((untilMs - nowMs) / secondMs);
  return seconds > maxTtlSeconds || untilMs / secondMs >= lastSecond ? 0 : seconds;
}

function rowBytes(
  { table }: TableView,
  { partition, clustering }: Place,
  params: readonly CqlValue[],
): number {
  const keys = table.partitionKey.length + table.clustering.length;
  const values = params.slice(keys, -1);
  return keyspacesRowBytes({
    partitionColumns: table.partitionKey.length,
    partitionBytes: sumBytes(partition) + subBucketBytes,
    clusteringBytes: sumBytes(clustering) + versionBytes,
    values: values.length,
    valueBytes: sumBytes(values),
  });
}

function intoBatches(
  rows: readonly { readonly bound: Bound; readonly bytes: number }[],
): readonly (readonly Bound[])[] {
  const batches: Bound[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const batch = batches.at(-1);
    if (
      batch === undefined ||
      batch.length === limits.batchStatements ||
      bytes + row.bytes > limits.batchBytes
    ) {
      batches.push([row.bound]);
      bytes = row.bytes;
    } else {
      batch.push(row.bound);
      bytes += row.bytes;
    }
  }
  return batches;
}

/** The versions held of one row in one sub-bucket, highest first. */
export function versionsHeld(
  keyspace: string,
  tableView: TableView,
  { partition, clustering }: Place,
  subBucket: number,
): Bound {
  return {
    cql: `SELECT ${quote(wideColumns.version)} FROM ${qualified(keyspace, tableView.table)} WHERE ${keyConditions(tableView)}`,
    params: [...partition, subBucket, ...clustering],
  };
}

/** One range delete of all that lies below a version. */
export function sweepBelow(
  keyspace: string,
  tableView: TableView,
  { partition, clustering }: Place,
  { subBucket, version }: { readonly subBucket: number; readonly version: string },
): Bound {
  return {
    cql: `DELETE FROM ${qualified(keyspace, tableView.table)} WHERE ${keyConditions(tableView)} AND ${quote(wideColumns.version)} < ?`,
    params: [...partition, subBucket, ...clustering, version],
  };
}

/** Deletes one version of a row. */
export function deleteVersion(
  keyspace: string,
  tableView: TableView,
  { partition, clustering }: Place,
  { subBucket, version }: { readonly subBucket: number; readonly version: string },
): Bound {
  return {
    cql: `DELETE FROM ${qualified(keyspace, tableView.table)} WHERE ${keyConditions(tableView)} AND ${quote(wideColumns.version)} = ?`,
    params: [...partition, subBucket, ...clustering, version],
  };
}

/** Every column of the key but the version. */
export const keyConditions = ({ table }: TableView): string =>
  [...table.partitionKey, ...table.clustering]
    .filter(({ name }) => name !== wideColumns.version)
    .map(({ name }) => `${quote(name)} = ?`)
    .join(' AND ');
