import type { Row } from '../../change/change.ts';
import {
  type CatalogTerm,
  columnOf,
  subBucketBytes,
  termColumn,
  termValue,
  versionBytes,
  type WideColumn,
  wideColumns,
} from '../../model/index.ts';
import { rowId } from '../placement.ts';
import type { Placement } from '../store.ts';
import { limits } from './limits.ts';
import type { TableView } from './schema.ts';
import { subBucketOf } from './sub-bucket.ts';
import { byteLength, type CqlValue, encodeColumn, encodeValue } from './value.ts';

/** Where all versions of a row lie: its partition without the sub-bucket, and its clustering without the version. */
export interface Place {
  readonly partition: readonly CqlValue[];
  readonly subBucket: number;
  readonly clustering: readonly CqlValue[];
}

export type Location =
  | ({ readonly kind: 'place' } & Place)
  /** It has no value in a column that partitions are made of: such rows are not in the view. */
  | { readonly kind: 'outside' }
  /** Columns of the location that are not said. */
  | { readonly kind: 'unknown'; readonly missing: readonly string[] }
  /** Keyspaces holds no such key; the reason as a sentence. */
  | { readonly kind: 'refused'; readonly reason: string };

/** The columns of the partition key but the sub-bucket, each with the term that it is of. */
const partitionTerms = ({
  table,
  view,
}: TableView): readonly { readonly column: WideColumn; readonly term: CatalogTerm }[] =>
  table.partitionKey.flatMap((column) => {
    const term = view.by.find((each) => termColumn(each) === column.name);
    return term === undefined ? [] : [{ column, term }];
  });

/** The clustering columns but the version. */
export const orderColumns = ({ table }: TableView): TableView['table']['clustering'] =>
  table.clustering.filter(({ name }) => name !== wideColumns.version);

/** The partition of rows with these values, but its sub-bucket. */
export const partitionOf = (placement: Placement, tableView: TableView, row: Row): readonly CqlValue[] =>
  partitionTerms(tableView).map(({ column, term }) =>
    term.unit === 'value'
      ? encodeColumn(columnOf(placement.entity, term.column), column.type, row[term.column])
      : encodeValue('text', termValue(term.unit, row[term.column] ?? null)),
  );

/** Where a row lies, as far as what is known of it says. */
export function locationOf(placement: Placement, tableView: TableView, row: Row): Location {
  const { entity } = placement;
  const { view } = tableView;
  const needed = [...new Set([...view.by.map(({ column }) => column), view.order.column, ...entity.key])];
  const missing = needed.filter((column) => row[column] === undefined);
  if (missing.length > 0) return { kind: 'unknown', missing };
  if (view.by.some(({ column }) => row[column] === null)) return { kind: 'outside' };
  const unordered = needed.filter((column) => row[column] === null);
  if (unordered.length > 0) return { kind: 'unknown', missing: unordered };
  const place: Place = {
    partition: partitionOf(placement, tableView, row),
    subBucket: subBucketOf(rowId(placement, row), view.subBuckets),
    clustering: orderColumns(tableView).map(({ name, type }) =>
      encodeColumn(columnOf(entity, name), type, row[name]),
    ),
  };
  const reason = tooLong(place);
  return reason === undefined ? { kind: 'place', ...place } : { kind: 'refused', reason };
}

function tooLong({ partition, clustering }: Place): string | undefined {
  const partitionBytes = sumBytes(partition) + subBucketBytes;
  if (partitionBytes > limits.partitionKeyBytes)
    return `its partition key has ${partitionBytes} bytes; Keyspaces takes ${limits.partitionKeyBytes}`;
  const clusteringBytes = sumBytes(clustering) + versionBytes;
  if (clusteringBytes > limits.clusteringBytes)
    return `its clustering columns have ${clusteringBytes} bytes with the version; Keyspaces takes ${limits.clusteringBytes}`;
  return undefined;
}

export const sumBytes = (values: readonly CqlValue[]): number =>
  values.reduce<number>((sum, value) => sum + byteLength(value), 0);
