import type { Row } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import {
  type CatalogColumn,
  type CatalogTerm,
  columnOf,
  type DynamodbSourcePlacement,
  templateColumns,
  termValue,
} from '../model/index.ts';
import { heldColumns, placementName } from './placement.ts';
import type { SliceFragment } from './store.ts';

/** What a slice of a placement, or of one of its indexes, is. */
export interface SliceShape {
  /** What fixes the partition; every column of it is in the fragment's `equal`. */
  readonly partition: readonly CatalogTerm[];
  /** The columns that rows are ordered by, in turn; `from` and `to` bound the first. Empty: no order. */
  readonly sort: readonly CatalogColumn[];
  /** Whether rows that have no value in one of those columns are left out, as an index of DynamoDB does. */
  readonly sparse: boolean;
}

/**
 * The shape of a slice. An index of Aurora is named by its columns with `,` between them; there, any
 * leading columns of the key or of the index fix the slice, and the others order it.
 *
 * @throws `not_supported` for an index that is not there, a column of the location that `equal` lacks,
 * a bound where nothing is ordered, or a source that holds no rows (Kafka).
 */
export function sliceShape(fragment: SliceFragment): SliceShape {
  const { placement, equal } = fragment;
  const shape = shapeOf(fragment);
  const missing = shape.partition.filter(
    ({ column }) => equal[column] === undefined || equal[column] === null,
  );
  if (missing.length > 0)
    throw refusal(
      fragment,
      `needs ${shape.partition.map(({ column }) => column).join(', ')} and was not given ${missing.map(({ column }) => column).join(', ')}`,
    );
  const known = new Set(placement.entity.columns.map(({ name }) => name));
  const strange = Object.keys(equal).filter((name) => !known.has(name));
  if (strange.length > 0) throw refusal(fragment, `has no column ${strange.join(', ')}`);
  if (shape.sort.length === 0 && (fragment.from !== undefined || fragment.to !== undefined))
    throw refusal(fragment, 'has no order, so it takes no bounds');
  if (fragment.near !== undefined && placement.target.kind !== 'redis.geo')
    throw refusal(fragment, 'is no geo index, so it has nothing near a place');
  return shape;
}

function shapeOf(fragment: SliceFragment): SliceShape {
  const { target, entity } = fragment.placement;
  const columns = (
    names: readonly string[],
    partition: readonly CatalogTerm[] = [],
  ): readonly CatalogColumn[] =>
    [...new Set(names)]
      // Within one hour, day or month of a column its values still differ.
      .filter((name) => !(name in fragment.equal) || partition.some((term) => isPart(term, name)))
      .map((name) => columnOf(entity, name));
  switch (target.kind) {
    case 'aurora.source':
    case 'aurora.table': {
      const index = fragment.index;
      // One of some rows alone would have to look through the table for the others.
      const whole = target.indexes.filter(({ where }) => where.length === 0).map(({ columns }) => columns);
      const named =
        index === undefined ? entity.key : whole.find((candidate) => candidate.join(',') === index);
      if (named === undefined)
        throw noIndex(
          fragment,
          whole.map((candidate) => candidate.join(',')),
        );
      return { partition: [], sort: columns([...named, ...entity.key]), sparse: false };
    }
    case 'dynamodb.source':
      return dynamodbShape(fragment, target, columns);
    case 'redis.hash':
    case 'redis.sortedSet':
      if (fragment.index !== undefined) throw noIndex(fragment, []);
      return {
        partition: target.by,
        sort: target.kind === 'redis.hash' ? [] : [columnOf(entity, target.score)],
        sparse: target.kind === 'redis.sortedSet',
      };
    case 'redis.geo':
      if (fragment.index !== undefined) throw noIndex(fragment, []);
      return { partition: target.by, sort: [], sparse: false };
    case 'keyspaces.table':
      if (fragment.index !== undefined) throw noIndex(fragment, []);
      return {
        partition: target.by,
        sort: columns([target.order.column, ...entity.key], target.by),
        sparse: false,
      };
    case 'opensearch.log':
    case 'archive.parquet':
      if (fragment.index !== undefined) throw noIndex(fragment, []);
      return { partition: target.by, sort: columns(entity.key, target.by), sparse: false };
    case 'opensearch.index':
    case 'keyspaces.rollup':
      throw refusal(fragment, 'has no partitions of rows');
    case 'kafka.source':
      throw refusal(fragment, 'holds no rows by key; its views do');
  }
}

const isPart = ({ column, unit }: CatalogTerm, name: string): boolean => column === name && unit !== 'value';

function dynamodbShape(
  fragment: SliceFragment,
  target: DynamodbSourcePlacement,
  columns: (names: readonly string[]) => readonly CatalogColumn[],
): SliceShape {
  const terms = (names: readonly string[]): readonly CatalogTerm[] =>
    [...new Set(names)].map((column) => ({ column, unit: 'value' }));
  const own = terms(templateColumns(target.partitionKey));
  if (fragment.index === undefined)
    return { partition: own, sort: columns(templateColumns(target.sortKey)), sparse: true };
  const local = target.localIndexes.find(({ name }) => name === fragment.index);
  if (local !== undefined) return { partition: own, sort: columns([local.sortKeyColumn]), sparse: true };
  const global = target.indexes.find(({ name }) => name === fragment.index);
  if (global === undefined)
    throw noIndex(
      fragment,
      [...target.indexes, ...target.localIndexes].map(({ name }) => name),
    );
  return {
    partition: terms(templateColumns(global.partitionKey)),
    sort: columns(templateColumns(global.sortKey)),
    sparse: true,
  };
}

/** The columns that rows of a slice come with: those that its index holds, else those of the placement. */
export function sliceColumns({ placement, index }: SliceFragment): readonly CatalogColumn[] {
  const held = heldColumns(placement);
  const { target } = placement;
  if (target.kind !== 'dynamodb.source' || index === undefined) return held;
  const columns = [...target.indexes, ...target.localIndexes].find(({ name }) => name === index)?.columns;
  return columns === undefined ? held : held.filter(({ name }) => columns.includes(name));
}

/** Whether a row has the values that fix a slice. A column in `equal` beyond the location counts whole. */
export function inPartition(fragment: SliceFragment, shape: SliceShape, row: Row): boolean {
  return Object.entries(fragment.equal).every(([column, value]) => {
    const held = row[column];
    if (held === null || held === undefined) return false;
    const unit = shape.partition.find((term) => term.column === column)?.unit ?? 'value';
    return unit === 'value' ? held === value : termValue(unit, held) === termValue(unit, value);
  });
}

const refusal = ({ placement, index }: SliceFragment, what: string): PolystoreError =>
  new PolystoreError(
    'not_supported',
    `A slice of ${placementName(placement)}${index === undefined ? '' : ` by '${index}'`} ${what}.`,
  );

const noIndex = (fragment: SliceFragment, names: readonly string[]): PolystoreError =>
  refusal(fragment, `has no such index; there ${names.length === 0 ? 'is none' : `are ${names.join('; ')}`}`);
