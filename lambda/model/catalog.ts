import type { Comparison } from './checks.ts';
import type { FieldType, Json } from './fields.ts';
import type { Analyzer, TermUnit } from './language.ts';
import { onceFor } from './once-for.ts';
import type { Workload } from './workloads.ts';

/**
 * The compiled model: plain data, serialisable, by SQL names. From it follow the infrastructure, the
 * schema of each engine, the mapping of rows to views and the placements that the router plans from.
 * At run time a row is keyed by column name everywhere; only callers of the typed model see fields.
 */
export interface Catalog {
  readonly name: string;
  readonly entities: readonly CatalogEntity[];
  /** The single DynamoDB table, if any entity lives there. */
  readonly table: DynamodbTable | undefined;
  /** The tables of Keyspaces, if any view lives there: one a view, and one of what is known of them. */
  readonly wideTables: readonly WideTable[];
  /** What callers ask. */
  readonly accessPatterns: readonly CatalogAccessPattern[];
}

/** A statement that is planned at build time, with sample values and the ISO time at which they are asked. */
export interface CatalogAccessPattern {
  readonly name: string;
  readonly sql: string;
  readonly params: readonly Json[];
  readonly tenant: string;
  readonly asOf: string;
  readonly freshness: 0 | undefined;
  readonly ratePerSecond: number | undefined;
  readonly workload: Workload | undefined;
  readonly scan: 'allowed' | undefined;
}

export interface CatalogColumn {
  /** snake_case, the name in SQL, on the log and in every store. */
  readonly name: string;
  /** camelCase, the name in the model. */
  readonly field: string;
  readonly type: FieldType;
  readonly optional: boolean;
  readonly immutable: boolean;
}

export interface CatalogEntity {
  /** snake_case; the SQL table. */
  readonly name: string;
  readonly columns: readonly CatalogColumn[];
  readonly key: readonly string[];
  /** The tenant column, or undefined for shared reference data. */
  readonly tenant: string | undefined;
  /** The topic of the change log that carries this entity. */
  readonly topic: string;
  readonly topicPartitions: number;
  readonly source: CatalogSource;
  readonly views: readonly CatalogView[];
  /** What every row that is written meets; one that was there before a check was declared need not. */
  readonly checks: readonly CatalogCheck[];
  /** Changes a second of the busiest tenant at peak; undefined: nothing is known. */
  readonly changesPerSecond: number | undefined;
  /** Rows read from the source a second by the busiest tenant at peak; undefined: nothing is known. */
  readonly readsPerSecond: number | undefined;
  /** What goes over the log in a day; undefined: nothing is known. */
  readonly daily: CatalogDaily | undefined;
}

/** A row breaks it when the condition is false; unknown, as by a null, is no break (as PostgreSQL's CHECK). */
export interface CatalogCheck {
  /** snake_case; what errors name. */
  readonly name: string;
  readonly condition: CatalogCondition;
}
/** Constants in canonical values. */
export type CatalogCondition =
  | {
      readonly kind: 'compare';
      readonly column: string;
      readonly operator: Comparison;
      readonly value: Json;
    }
  | { readonly kind: 'and' | 'or'; readonly of: readonly CatalogCondition[] };

/** Of all tenants, on a busy day. */
export interface CatalogDaily {
  readonly changes: number;
  /** Bytes of a row as JSON. */
  readonly rowBytes: number;
}

export type CatalogSource = AuroraSourcePlacement | DynamodbSourcePlacement | KafkaSourcePlacement;

export interface AuroraSourcePlacement {
  readonly kind: 'aurora.source';
  readonly indexes: readonly CatalogTableIndex[];
}
/** An index of PostgreSQL. */
export interface CatalogTableIndex {
  /** What rows are found and ordered by. */
  readonly columns: readonly string[];
  /** Columns that it carries besides. */
  readonly include: readonly string[];
  /** Rows that do not meet all of these are not in it. */
  readonly where: readonly IndexPredicate[];
}
/** Canonical values; none: the column has no value. `undefined` in place of values: it has one, whichever. */
export interface IndexPredicate {
  readonly column: string;
  readonly values: readonly Json[] | undefined;
}

/** Text and columns in turn; the whole is a text key. */
export type KeyTemplate = readonly KeyTemplatePart[];
export type KeyTemplatePart = { readonly text: string } | { readonly column: string };

export interface DynamodbSourcePlacement {
  readonly kind: 'dynamodb.source';
  readonly partitionKey: KeyTemplate;
  readonly sortKey: KeyTemplate;
  readonly indexes: readonly CatalogGlobalIndex[];
  readonly localIndexes: readonly CatalogLocalIndex[];
}
export interface CatalogGlobalIndex {
  readonly name: string;
  readonly partitionKey: KeyTemplate;
  readonly sortKey: KeyTemplate;
  /** How many partitions one value of the partition key is spread over; 1 is not spread. */
  readonly spread: number;
  /** The entity's columns that it holds, those of keys included, in the entity's order; undefined: all. */
  readonly columns: readonly string[] | undefined;
}
export interface CatalogLocalIndex {
  readonly name: string;
  /** A column stored as an attribute of its own name and type. */
  readonly sortKeyColumn: string;
  /** As those of a global index. */
  readonly columns: readonly string[] | undefined;
}

export interface KafkaSourcePlacement {
  readonly kind: 'kafka.source';
}

export type CatalogView =
  | AuroraTablePlacement
  | RedisHashPlacement
  | RedisSortedSetPlacement
  | RedisGeoPlacement
  | KeyspacesTablePlacement
  | KeyspacesRollupPlacement
  | OpensearchIndexPlacement
  | OpensearchLogPlacement
  | ArchivePlacement;

export interface CatalogTerm {
  readonly column: string;
  readonly unit: TermUnit;
}
export interface CatalogExpiry {
  readonly column: string;
  readonly afterMs: number;
}
interface ViewBase {
  readonly name: string;
  /** The entity's columns that the view holds, key included, in the entity's order. */
  readonly columns: readonly string[];
  readonly expire: CatalogExpiry | undefined;
}
export interface AuroraTablePlacement extends ViewBase {
  readonly kind: 'aurora.table';
  readonly partitionBy: CatalogTerm | undefined;
  readonly indexes: readonly CatalogTableIndex[];
}
export interface RedisHashPlacement extends ViewBase {
  readonly kind: 'redis.hash';
  readonly by: readonly CatalogTerm[];
}
export interface RedisSortedSetPlacement extends ViewBase {
  readonly kind: 'redis.sortedSet';
  readonly by: readonly CatalogTerm[];
  readonly score: string;
  readonly limit: number | undefined;
}

export interface RedisGeoPlacement extends ViewBase {
  readonly kind: 'redis.geo';
  readonly by: readonly CatalogTerm[];
  /** Columns of degrees. Rows that lack one of them are not in the view. */
  readonly latitude: string;
  readonly longitude: string;
}

export interface KeyspacesTablePlacement extends ViewBase {
  readonly kind: 'keyspaces.table';
  /** What fixes the partition. Rows that lack a value of one of these columns are not in the view. */
  readonly by: readonly CatalogTerm[];
  /** The column that rows of a partition are ordered by; the rest of the key orders those that tie, the same way. */
  readonly order: { readonly column: string; readonly descending: boolean };
  /** How many partitions a partition is parted into by a hash of the key, so that none is written too often. */
  readonly subBuckets: number;
}
export interface KeyspacesRollupPlacement extends ViewBase {
  readonly kind: 'keyspaces.rollup';
  /** Name of the `keyspaces.table` view that buckets are worked out from; a bucket is one of its partitions. */
  readonly from: string;
  /** The hour of the column that a row falls into; it is the last term of the partitions of `from`. */
  readonly bucket: CatalogTerm;
  readonly metrics: readonly CatalogMetric[];
}
export interface CatalogMetric {
  /** camelCase, as declared. */
  readonly name: string;
  /** The number that is summed; undefined: rows are counted. */
  readonly column: string | undefined;
  /** Only rows with these values count. */
  readonly where: readonly { readonly column: string; readonly value: string | number | boolean }[];
}
interface OpensearchPlacement extends ViewBase {
  /** Columns that are searched as text. */
  readonly text: readonly { readonly column: string; readonly analyzer: Analyzer }[];
}
export interface OpensearchIndexPlacement extends OpensearchPlacement {
  readonly kind: 'opensearch.index';
  readonly shards: number;
}
export interface OpensearchLogPlacement extends OpensearchPlacement {
  readonly kind: 'opensearch.log';
  /** One term, the day of a timestamp: each has an index of its own. `expire` says when it is dropped. */
  readonly by: readonly [CatalogTerm];
}
export interface ArchivePlacement extends ViewBase {
  readonly kind: 'archive.parquet';
  /** One term, the day of a timestamp: each has a folder of its own. */
  readonly by: readonly [CatalogTerm];
}

/** One physical table of Keyspaces. Its name is unique in the keyspace: `flight_event__by_time`. */
export interface WideTable {
  readonly name: string;
  /** Of the view that it holds; both empty: of what is known of all views. */
  readonly entity: string;
  readonly view: string;
  readonly partitionKey: readonly WideColumn[];
  readonly clustering: readonly (WideColumn & { readonly descending: boolean })[];
  readonly columns: readonly WideColumn[];
}
/** Types as CQL names them. Timestamps, dates and JSON are canonical texts, whose order is theirs. */
export interface WideColumn {
  readonly name: string;
  readonly type: 'text' | 'int' | 'bigint' | 'decimal' | 'double' | 'boolean' | 'blob';
}

/** The physical DynamoDB table that all DynamoDB entities share. Attribute names are fixed here. */
export interface DynamodbTable {
  readonly name: string;
  readonly partitionKeyAttribute: 'pk';
  readonly sortKeyAttribute: 'sk';
  /** Marks which entity an item is of. */
  readonly entityAttribute: 'entity';
  /** Microseconds: the position half of the item's version (DESIGN §4). */
  readonly versionAttribute: 'version';
  /** Present and true on a tombstone item. */
  readonly deletedAttribute: 'deleted';
  /** Epoch seconds; DynamoDB's TTL. */
  readonly timeToLiveAttribute: 'ttl';
  readonly globalIndexes: readonly {
    readonly name: string;
    readonly partitionKeyAttribute: string;
    readonly sortKeyAttribute: string;
    readonly projection?: Projection;
  }[];
  readonly localIndexes: readonly {
    readonly name: string;
    readonly sortKeyAttribute: string;
    readonly sortKeyType: 'S' | 'N';
    readonly projection?: Projection;
  }[];
}
/** The attributes that an index holds beside its keys and the table's, sorted; absent: all. */
export type Projection = readonly string[];

/** The engines that placements lie in. */
export type StoreName = 'aurora' | 'dynamodb' | 'kafka' | 'redis' | 'keyspaces' | 'opensearch' | 'archive';

/** The store that a placement lies in. */
export const storeOf = (placement: CatalogSource | CatalogView): StoreName =>
  // The kinds are literals that start with exactly these names.
  placement.kind.split('.')[0] as StoreName;

/** The columns of an entity by their names, for which a statement asks many times. */
export const columnsByName: (entity: CatalogEntity) => ReadonlyMap<string, CatalogColumn> = onceFor(
  (entity) => new Map(entity.columns.map((column) => [column.name, column])),
);

export function columnOf(entity: CatalogEntity, name: string): CatalogColumn {
  const column = columnsByName(entity).get(name);
  if (column === undefined) throw new TypeError(`entity ${entity.name} has no column ${name}`);
  return column;
}

export function entityOf(catalog: Catalog, name: string): CatalogEntity {
  const entity = catalog.entities.find((candidate) => candidate.name === name);
  if (entity === undefined) throw new TypeError(`the model ${catalog.name} has no entity ${name}`);
  return entity;
}

/** The entities that share a global index of the DynamoDB table; none: there is no such index. */
export const entitiesOfIndex = ({ entities }: Catalog, index: string): readonly CatalogEntity[] =>
  entities.filter(
    ({ source }) => source.kind === 'dynamodb.source' && source.indexes.some(({ name }) => name === index),
  );
