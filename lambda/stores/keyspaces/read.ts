import type { Row, Value } from '../../change/change.ts';
import { parseVersion, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import { columnOf, subBucketBytes, wideColumns } from '../../model/index.ts';
import { placementName, rowId } from '../placement.ts';
import type { SliceShape } from '../slice.ts';
import type { Placement, SliceFragment } from '../store.ts';
import { compareValues } from '../value-order.ts';
import { limits } from './limits.ts';
import { locationOf, orderColumns, partitionOf, sumBytes } from './place.ts';
import { qualified, quote, type TableView } from './schema.ts';
import { decodeColumn, encodeColumn } from './value.ts';
import { type Bound, keyConditions } from './write.ts';

/** A row as the driver gives it, by column name. */
export type CqlRow = Readonly<Record<string, unknown>>;

/** One version of a row, as a table holds it. */
export interface HeldVersion {
  readonly row: Row;
  readonly version: Version;
  readonly deleted: boolean;
  /** Milliseconds since the epoch. */
  readonly expiry: number | undefined;
}

export const isVisible = ({ deleted, expiry }: HeldVersion, nowMs: number): boolean =>
  !deleted && (expiry === undefined || expiry > nowMs);

/** The columns of the view that are read; those that order its rows come with them. */
export interface Projection {
  readonly placement: Placement;
  readonly tableView: TableView;
  readonly columns: readonly string[];
}

export const wholeRow = (placement: Placement, tableView: TableView): Projection => ({
  placement,
  tableView,
  columns: tableView.view.columns,
});

const namesRead = ({ tableView, columns }: Projection): readonly string[] => [
  ...new Set([...columns, ...orderColumns(tableView).map(({ name }) => name)]),
];

/** The projected row; columns of the view that were not read are absent. */
export function decodeRow(projection: Projection, held: CqlRow): HeldVersion {
  const { placement } = projection;
  const expiry = held[wideColumns.expires];
  return {
    row: Object.fromEntries(
      namesRead(projection).map((name): [string, Value] => [
        name,
        decodeColumn(columnOf(placement.entity, name), held[name]),
      ]),
    ),
    version: parseVersion(String(held[wideColumns.version])),
    deleted: held[wideColumns.deleted] === true,
    expiry: expiry === null || expiry === undefined ? undefined : Number(expiry),
  };
}

function selectText(keyspace: string, projection: Projection): string {
  const { version, deleted, expires } = wideColumns;
  const names = [...namesRead(projection), version, deleted, expires];
  return `SELECT ${names.map(quote).join(', ')} FROM ${qualified(keyspace, projection.tableView.table)}`;
}

/** All rows of a table, with what their partitions say of them. */
export function renderScan(keyspace: string, projection: Projection): string {
  const { table } = projection.tableView;
  const { version, deleted, expires } = wideColumns;
  const names = new Set([
    ...namesRead(projection),
    ...table.partitionKey.map(({ name }) => name),
    version,
    deleted,
    expires,
  ]);
  return `SELECT ${[...names].map(quote).join(', ')} FROM ${qualified(keyspace, table)}`;
}

/** The highest version of each of some rows, of one sub-bucket each. */
export interface Lookup {
  /** One a sub-bucket; the highest version of all of them is what is held. Empty: the row is not in the view. */
  readonly statements: readonly Bound[];
}

/**
 * A look-up for each key, in their order.
 * @throws `not_supported` when a key does not say where it lies.
 */
export function planLookups(
  keyspace: string,
  projection: Projection,
  keys: readonly Row[],
): readonly Lookup[] {
  const { placement, tableView } = projection;
  const cql = `${selectText(keyspace, projection)} WHERE ${keyConditions(tableView)} LIMIT 1`;
  return keys.map((key) => {
    const location = locationOf(placement, tableView, key);
    if (location.kind === 'unknown')
      throw new PolystoreError(
        'not_supported',
        `${placementName(placement)} places rows by ${location.missing.join(', ')} too; ${JSON.stringify(key)} does not say it`,
      );
    // A key that is too long was never taken.
    if (location.kind !== 'place') return { statements: [] };
    const { partition, clustering } = location;
    return {
      statements: subBuckets(tableView).map((bucket) => ({
        cql,
        params: [...partition, bucket, ...clustering],
      })),
    };
  });
}

/** Keys without repetitions. */
export const distinctKeys = (placement: Placement, keys: readonly Row[]): readonly Row[] => [
  ...new Map(keys.map((key) => [rowId(placement, key), key])).values(),
];

export const subBuckets = ({ view }: TableView): readonly number[] =>
  Array.from({ length: view.subBuckets }, (_, bucket) => bucket);

/** How a slice is read: a statement for each sub-bucket, whose rows come in one and the same order. */
export interface SlicePlan {
  readonly statements: readonly Bound[];
  /** That order, of rows without their versions; 0 for versions of one row. */
  readonly compare: (a: Row, b: Row) => number;
}

/**
 * Conditions go to Cassandra as far as it takes them: the clustering columns that `equal` fixes, from the
 * first on, then the bounds on the next one. What is left, `arrange` decides on the rows that come back.
 */
export function planSlice(
  keyspace: string,
  projection: Projection,
  fragment: SliceFragment,
  shape: SliceShape,
): SlicePlan {
  const { placement, tableView } = projection;
  const { entity } = placement;
  const order = orderColumns(tableView);
  const fixed = fixedColumns(fragment, shape);
  const leading = order.findIndex(({ name }) => !fixed.has(name));
  const equal = order.slice(0, leading === -1 ? order.length : leading);
  const bounded = leading === -1 ? undefined : order[leading];
  const conditions = [
    ...tableView.table.partitionKey.map(({ name }) => `${quote(name)} = ?`),
    ...equal.map(({ name }) => `${quote(name)} = ?`),
  ];
  const params = equal.map(({ name, type }) => encodeColumn(columnOf(entity, name), type, fixed.get(name)));
  if (bounded !== undefined) {
    const column = columnOf(entity, bounded.name);
    for (const [operator, value] of [['>=', fragment.from] as const, ['<=', fragment.to] as const]) {
      if (value === undefined) continue;
      conditions.push(`${quote(bounded.name)} ${operator} ?`);
      params.push(encodeColumn(column, bounded.type, value));
    }
  }
  const [first] = tableView.table.clustering;
  const reversed = first !== undefined && first.descending !== (fragment.order === 'descending');
  const cql = `${selectText(keyspace, projection)} WHERE ${conditions.join(' AND ')}${reversed ? reverseOrder(tableView) : ''}`;
  const partition = partitionOf(placement, tableView, fragment.equal);
  // No row has a null there, nor a key that is too long.
  const isEmpty =
    [...fixed.values()].includes(null) || sumBytes(partition) + subBucketBytes > limits.partitionKeyBytes;
  return {
    statements: isEmpty
      ? []
      : subBuckets(tableView).map((bucket) => ({ cql, params: [...partition, bucket, ...params] })),
    compare: compareIn(placement, tableView, fragment.order),
  };
}

/** Columns that a slice fixes to a value, beyond those that only its partition's terms are made of. */
function fixedColumns({ equal }: SliceFragment, shape: SliceShape): ReadonlyMap<string, Value> {
  const parts = new Set(shape.partition.filter(({ unit }) => unit !== 'value').map(({ column }) => column));
  return new Map(Object.entries(equal).filter(([name]) => !parts.has(name)));
}

/** The clustering order back to front: Cassandra reads either all of it forwards or all of it backwards. */
const reverseOrder = ({ table }: TableView): string =>
  ` ORDER BY ${table.clustering.map(({ name, descending }) => `${quote(name)} ${descending ? 'ASC' : 'DESC'}`).join(', ')}`;

function compareIn(
  { entity }: Placement,
  tableView: TableView,
  order: SliceFragment['order'],
): (a: Row, b: Row) => number {
  const columns = orderColumns(tableView).map(({ name }) => columnOf(entity, name));
  const sign = order === 'ascending' ? 1 : -1;
  return (a, b) => {
    for (const { name, type } of columns) {
      const difference = compareValues(type, a[name] ?? null, b[name] ?? null);
      if (difference !== 0) return sign * difference;
    }
    return 0;
  };
}
