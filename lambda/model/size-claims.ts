import {
  attributeBytes,
  type Bound,
  columnBytes,
  jsonRowBound,
  plus,
  sumOf,
  templateBound,
} from './byte-bounds.ts';
import type {
  CatalogEntity,
  CatalogTableIndex,
  CatalogView,
  DynamodbSourcePlacement,
  KeyspacesRollupPlacement,
  KeyspacesTablePlacement,
  WideTable,
} from './catalog.ts';
import { wideColumns } from './compile-wide-tables.ts';
import {
  dynamodbLimits,
  keyspacesLimits,
  keyspacesRowBytes,
  logLimits,
  opensearchLimits,
  postgresLimits,
  subBucketBytes,
  versionBytes,
} from './limits.ts';

/** Something that an engine bounds, and how large it may get. */
export interface SizeClaim {
  readonly entity: CatalogEntity;
  /** Where it is declared: `source.partitionKey`, `views.byTime`. */
  readonly where: string;
  /** What it is: "its partition key". */
  readonly what: string;
  readonly bound: Bound;
  readonly limit: number;
  readonly engine: string;
  /**
   * What becomes of one that is larger, where a text without a bound makes that possible and a bound would
   * help. Absent: of rows as a whole, which may be long for good reason; the engine refuses those that are
   * too long.
   */
  readonly otherwise?: string;
}

const deadLetter = 'a row with a longer one becomes a dead letter';

/** Everything of an entity that an engine bounds. Redis bounds nothing that could be reached. */
export function sizeClaims(entity: CatalogEntity, wideTables: readonly WideTable[]): readonly SizeClaim[] {
  return [
    ...(entity.source.kind === 'dynamodb.source' ? itemClaims(entity, entity.source) : []),
    ...(entity.source.kind === 'aurora.source'
      ? indexClaims(entity, entity.source.indexes, 'source', 'a write with a longer one is refused')
      : []),
    recordClaim(entity),
    ...entity.views.flatMap((view) => viewClaims(entity, view, wideTables)),
  ];
}

function viewClaims(
  entity: CatalogEntity,
  view: CatalogView,
  wideTables: readonly WideTable[],
): readonly SizeClaim[] {
  switch (view.kind) {
    case 'aurora.table':
      return indexClaims(entity, view.indexes, `views.${view.name}`, deadLetter);
    case 'keyspaces.table':
    case 'keyspaces.rollup': {
      const table = wideTables.find((each) => each.entity === entity.name && each.view === view.name);
      if (table === undefined) return [];
      return view.kind === 'keyspaces.table' ? wideClaims(entity, view, table) : rollupClaims(entity, view);
    }
    case 'opensearch.index':
    case 'opensearch.log':
      return termClaims(entity, view);
    case 'redis.hash':
    case 'redis.sortedSet':
    case 'redis.geo':
    case 'archive.parquet':
      return [];
  }
}

// ── DynamoDB ─────────────────────────────────────────────────────────────────────────────────────

function itemClaims(entity: CatalogEntity, source: DynamodbSourcePlacement): readonly SizeClaim[] {
  const { partitionKeyBytes, sortKeyBytes, itemBytes } = dynamodbLimits;
  const key = (where: string, what: string, bound: Bound, limit: number): SizeClaim => ({
    ...{ entity, where, what, bound, limit, engine: 'DynamoDB' },
    otherwise: 'a write with a longer one is refused',
  });
  const partition = templateBound(entity, source.partitionKey);
  const sort = templateBound(entity, source.sortKey);
  const indexes = source.indexes.map((index) => ({
    name: index.name,
    partition: plus(templateBound(entity, index.partitionKey), spreadBytes(index.spread)),
    sort: templateBound(entity, index.sortKey),
  }));
  const names = [...entity.columns.map(({ name }) => name), ...ownAttributes];
  const keyBytes = indexes.reduce(
    (sum, index) => sum + index.partition.bytes + index.sort.bytes + 2 * `${index.name}_pk`.length,
    partition.bytes + sort.bytes,
  );
  const columns = sumOf(
    entity,
    entity.columns.map(({ name }) => name),
    attributeBytes,
  );
  const item = plus(
    columns,
    keyBytes + names.reduce((sum, name) => sum + name.length, 0) + ownAttributeBytes + entity.name.length,
  );
  return [
    key('source.partitionKey', 'the partition key', partition, partitionKeyBytes),
    key('source.sortKey', 'the sort key', sort, sortKeyBytes),
    ...indexes.flatMap((index) => [
      key(
        `source.indexes.${index.name}.partitionKey`,
        'the index partition key',
        index.partition,
        partitionKeyBytes,
      ),
      key(`source.indexes.${index.name}.sortKey`, 'the index sort key', index.sort, sortKeyBytes),
    ]),
    ...source.localIndexes.map((index) =>
      key(
        `source.localIndexes.${index.name}.sortKey`,
        'the index sort key',
        sumOf(entity, [index.sortKeyColumn], attributeBytes),
        sortKeyBytes,
      ),
    ),
    { entity, where: 'source', what: 'an item', bound: item, limit: itemBytes, engine: 'DynamoDB' },
  ];
}

/** `#255` */
const spreadBytes = (spread: number): number => (spread > 1 ? `#${spread - 1}`.length : 0);

/** Attributes of every item beside its columns. Values: the entity's name is counted apart; two numbers, a boolean. */
const ownAttributes = ['pk', 'sk', 'entity', 'version', 'deleted', 'ttl'];
const ownAttributeBytes = 2 * 21 + 1;

// ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────

/** A tuple's header, and of each value the length and what aligns the next one. */
const tupleBytes = (columns: number): number => 8 + 12 * columns;

function indexClaims(
  entity: CatalogEntity,
  indexes: readonly CatalogTableIndex[],
  where: string,
  otherwise: string,
): readonly SizeClaim[] {
  // What an index carries lies in its entries too.
  const entries = indexes.map(({ columns, include }) => [...columns, ...include]);
  return [entity.key, ...entries].map((columns, at) => ({
    ...{ entity, where, otherwise, limit: postgresLimits.indexEntryBytes, engine: 'PostgreSQL' },
    what: at === 0 ? 'the primary key' : `the index over ${columns.join(', ')}`,
    bound: plus(sumOf(entity, columns, columnBytes), tupleBytes(columns.length)),
  }));
}

// ── the change log ───────────────────────────────────────────────────────────────────────────────

/** Everything in a record that is no row and no key, with room: the envelope's own names, the source block. */
const envelopeBytes = 2_048;

/**
 * Debezium writes a row as it was and as it is; what we write ourselves leaves the former out when there is
 * no room for both.
 */
function recordClaim(entity: CatalogEntity): SizeClaim {
  const image = jsonRowBound(
    entity,
    entity.columns.map(({ name }) => name),
  );
  const key = jsonRowBound(entity, entity.key);
  const images = entity.source.kind === 'aurora.source' ? 2 : 1;
  return {
    entity,
    where: 'fields',
    what: images === 2 ? 'a record with the row before and after' : 'a record',
    bound: { bytes: images * image.bytes + key.bytes + envelopeBytes, open: image.open },
    limit: logLimits.recordBytes,
    engine: 'The change log',
  };
}

// ── Keyspaces ────────────────────────────────────────────────────────────────────────────────────

function wideClaims(
  entity: CatalogEntity,
  view: KeyspacesTablePlacement,
  table: WideTable,
): readonly SizeClaim[] {
  const where = `views.${view.name}`;
  const engine = 'Keyspaces';
  const fixed = view.by
    .filter(({ unit }) => unit !== 'value')
    .reduce((sum, { unit }) => sum + termBytes[unit], 0);
  const byValue = view.by.filter(({ unit }) => unit === 'value').map(({ column }) => column);
  const partition = plus(sumOf(entity, byValue, columnBytes), fixed + subBucketBytes);
  const order = table.clustering.map(({ name }) => name).filter((name) => name !== wideColumns.version);
  const clustering = plus(sumOf(entity, order, columnBytes), versionBytes);
  const held = table.columns.map(({ name }) => name);
  const values = sumOf(entity, held, columnBytes);
  const row = keyspacesRowBytes({
    partitionColumns: table.partitionKey.length,
    partitionBytes: partition.bytes,
    clusteringBytes: clustering.bytes,
    values: held.length,
    valueBytes: values.bytes + deletedAndExpiresBytes,
  });
  const otherwise = deadLetter;
  const { partitionKeyBytes, clusteringBytes, rowBytes } = keyspacesLimits;
  return [
    {
      ...{ entity, where, engine, otherwise, what: 'the partition key' },
      ...{ bound: partition, limit: partitionKeyBytes },
    },
    {
      ...{ entity, where, engine, otherwise, what: 'the clustering columns' },
      ...{ bound: clustering, limit: clusteringBytes },
    },
    { entity, where, engine, what: 'a row', bound: { bytes: row, open: values.open }, limit: rowBytes },
  ];
}

/** Lengths of `2013-01-01T10`, `2013-01-01` and `2013-01`. */
const termBytes = { value: 0, hour: 13, day: 10, month: 7 } as const;
/** A boolean and a bigint. */
const deletedAndExpiresBytes = 9;

/** The tenant, the metric and the month make a partition; all else of a rollup is numbers. */
function rollupClaims(entity: CatalogEntity, view: KeyspacesRollupPlacement): readonly SizeClaim[] {
  const tenant = sumOf(entity, entity.tenant === undefined ? [] : [entity.tenant], columnBytes);
  const metric = Math.max(0, ...view.metrics.map(({ name }) => name.length));
  return [
    {
      ...{ entity, where: `views.${view.name}`, engine: 'Keyspaces', otherwise: deadLetter },
      what: 'the partition key',
      bound: plus(tenant, metric + termBytes.month),
      limit: keyspacesLimits.partitionKeyBytes,
    },
  ];
}

// ── OpenSearch ───────────────────────────────────────────────────────────────────────────────────

/** Texts that can be filtered by. Ids need no proof: one that is too long is hashed. */
const termClaims = (entity: CatalogEntity, view: CatalogView): readonly SizeClaim[] =>
  entity.columns
    .filter(({ name, type }) => view.columns.includes(name) && type.kind === 'text')
    .map(({ name, field }) => ({
      ...{ entity, where: `views.${view.name}`, engine: 'OpenSearch', otherwise: deadLetter },
      what: `the term of '${field}'`,
      bound: sumOf(entity, [name], columnBytes),
      limit: opensearchLimits.termBytes,
    }));
