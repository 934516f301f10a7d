import type { AccessPatterns } from './access-patterns.ts';
import type { Checks } from './checks.ts';
import type { Field } from './fields.ts';

/** The words in which a model is written: entities, sources, views and the terms they use. */

export type Fields = Readonly<Record<string, Field>>;

/** What a caller gets: one row of an entity, by field name, in canonical values. */
export type Row<E> =
  E extends Entity<infer F> ? { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never } : never;

/** Reference data that belongs to no tenant: all may read it, only an operator may write it. */
export const shared = Symbol.for('polystore.shared');

// ── terms ────────────────────────────────────────────────────────────────────────────────────────

/** What of a field decides a location: its value, or the UTC hour, day or month that it lies in. */
export type TermUnit = 'value' | 'hour' | 'day' | 'month';
/** The part of a location that a field decides. */
export interface PartitionTerm {
  readonly field: string;
  readonly unit: TermUnit;
}
/** The UTC hour of a timestamp. */
export const hour = (field: string): PartitionTerm => ({ field, unit: 'hour' });
/** The UTC day of a timestamp. */
export const day = (field: string): PartitionTerm => ({ field, unit: 'day' });
/** The UTC month of a timestamp. */
export const month = (field: string): PartitionTerm => ({ field, unit: 'month' });

declare const millisecondsBrand: unique symbol;
export type Milliseconds = number & { readonly [millisecondsBrand]: true };
// The casts brand a plain number; these two functions are the only way to make one.
export const hours = (count: number): Milliseconds => (count * 3_600_000) as Milliseconds;
export const days = (count: number): Milliseconds => hours(count * 24);

/** The field that rows of one partition are ordered by, and which of them come first. */
export interface SortTerm {
  readonly field: string;
  readonly descending: boolean;
}
/** Lowest, or oldest, first. */
export const ascending = (field: string): SortTerm => ({ field, descending: false });
/** Highest, or newest, first. */
export const descending = (field: string): SortTerm => ({ field, descending: true });

/** When a row leaves its view: so long after the time in a field. */
export interface Expiry {
  readonly field: string;
  readonly afterMs: Milliseconds;
}
export const after = (field: string, duration: Milliseconds): Expiry => ({ field, afterMs: duration });

// ── sources ──────────────────────────────────────────────────────────────────────────────────────

/** What an index over some fields of a table has besides; an index of PostgreSQL (a B-tree), built while the table is used. */
export interface TableIndex {
  /** The fields that rows are found and ordered by. */
  readonly on: readonly string[];
  /** Fields that the index carries, so that a read of these alone need not look into the table. Default: none. */
  readonly include?: readonly string[];
  /** Only rows that meet all of this are in the index: it answers statements that ask for such rows. Default: all. */
  readonly where?: Readonly<Record<string, IndexCondition>>;
}
/** A value, one of several, `null` for no value, or `present` for any. */
export type IndexCondition = string | number | boolean | null | readonly (string | number)[] | typeof present;
/** In the `where` of an index: the field has a value, whichever. */
export const present = Symbol.for('polystore.present');
/** Fields, or fields and what else the index has. */
export type TableIndexes = readonly (readonly string[] | TableIndex)[];

export interface AuroraSource {
  readonly store: 'aurora';
  readonly indexes: TableIndexes;
}

/**
 * In a key template text is text and `{field}` the field's value as text; a bare name is that field
 * with its own type.
 */
export interface DynamodbKeys {
  readonly partitionKey: string;
  readonly sortKey: string;
}
interface DynamodbIndexOptions {
  /**
   * The fields that the index holds beside those that are always there: of the entity's key and of the index's own
   * keys. `[]`: no others. Statements that need more are not answered by it. Default: all fields.
   */
  readonly fields?: readonly string[];
}
export interface DynamodbIndex extends DynamodbKeys, DynamodbIndexOptions {
  /** Spreads one index partition over so many, for a partition key of few values. Readers ask all. */
  readonly spread?: number;
}
export interface DynamodbLocalIndex extends DynamodbIndexOptions {
  readonly sortKey: string;
}
export interface DynamodbSource extends DynamodbKeys {
  readonly store: 'dynamodb';
  readonly indexes: Readonly<Record<string, DynamodbIndex>>;
  readonly localIndexes: Readonly<Record<string, DynamodbLocalIndex>>;
}
export interface KafkaSource {
  readonly store: 'kafka';
  readonly partitions: number;
}
export type Source = AuroraSource | DynamodbSource | KafkaSource;

export function dynamodb(
  options: DynamodbKeys & {
    readonly indexes?: DynamodbSource['indexes'];
    readonly localIndexes?: DynamodbSource['localIndexes'];
  },
): DynamodbSource {
  return { store: 'dynamodb', indexes: {}, localIndexes: {}, ...options };
}

/**
 * Append-only events, sent to `POST /events`; the change log itself is their system of record.
 *
 * An event may be sent again under its key, and is the same event. Nothing that is cheap can check that
 * its immutable fields are the same, too: if one of them that places rows in a view is not, the view
 * holds the event in both places, until a repair takes the older one out. So make what identifies an
 * event (the field in its key) of the values that never change, or put those in the key.
 */
export function kafka(options: { readonly partitions?: number } = {}): KafkaSource {
  return { store: 'kafka', partitions: options.partitions ?? 6 };
}

// ── views ────────────────────────────────────────────────────────────────────────────────────────

export interface AuroraTableView {
  readonly kind: 'aurora.table';
  readonly partitionBy: PartitionTerm | undefined;
  readonly indexes: TableIndexes;
  readonly keep: Milliseconds | undefined;
}
interface RedisViewOptions {
  /** The fields that decide which key of Redis a row lies in. Default: the entity's key. */
  readonly by?: readonly (string | PartitionTerm)[];
  /** The fields that the view holds. Default: all of them. Key fields are always held. */
  readonly fields?: readonly string[];
  readonly expire?: Expiry;
}
export interface RedisHashView extends RedisViewOptions {
  readonly kind: 'redis.hash';
}
export interface RedisSortedSetView extends RedisViewOptions {
  readonly kind: 'redis.sortedSet';
  readonly score: string;
  readonly limit?: number;
}
export interface RedisGeoView extends Omit<RedisViewOptions, 'by'> {
  readonly kind: 'redis.geo';
  readonly by: readonly (string | PartitionTerm)[];
  readonly latitude: string;
  readonly longitude: string;
}
export interface KeyspacesTableView {
  readonly kind: 'keyspaces.table';
  readonly by: readonly (string | PartitionTerm)[];
  readonly orderBy: SortTerm;
  readonly fields?: readonly string[];
  readonly expire?: Expiry;
  readonly busiestShare?: number;
}
export interface KeyspacesRollupView {
  readonly kind: 'keyspaces.rollup';
  readonly from: string;
  readonly bucket: PartitionTerm;
  readonly metrics: Readonly<Record<string, Metric>>;
}
/** What a rollup keeps of the rows of a bucket: how many there are, and of a field its sum and extremes. */
export interface Metric {
  /** A number; absent: rows are counted. */
  readonly field: string | undefined;
  /** Only rows with these values count. */
  readonly where: Readonly<Record<string, string | number | boolean>>;
}
/** Counts rows, or those of them that have the given values. */
export const count = (where: Metric['where'] = {}): Metric => ({ field: undefined, where });
/** Count, sum, minimum and maximum of a number, over the rows that have the given values. */
export const measure = (field: string, where: Metric['where'] = {}): Metric => ({ field, where });

/** How a text is taken apart into words; the names are OpenSearch's own analyzers. */
export const analyzers = ['standard', 'simple', 'whitespace', 'english'] as const;
export type Analyzer = (typeof analyzers)[number];
interface OpensearchViewOptions {
  /** Fields that are searched as text, each with its analyzer; all fields can be filtered by besides. */
  readonly text?: readonly string[] | Readonly<Record<string, Analyzer>>;
  /** The fields that the view holds. Default: all of them. Key fields are always held. */
  readonly fields?: readonly string[];
}
export interface OpensearchIndexView extends OpensearchViewOptions {
  readonly kind: 'opensearch.index';
  readonly shards?: number;
}
export interface OpensearchLogView extends OpensearchViewOptions {
  readonly kind: 'opensearch.log';
  readonly at: string;
  readonly keep: Milliseconds;
}
export interface ArchiveView {
  readonly kind: 'archive.parquet';
  readonly partitionBy: PartitionTerm;
}
export type View =
  | AuroraTableView
  | RedisHashView
  | RedisSortedSetView
  | RedisGeoView
  | KeyspacesTableView
  | KeyspacesRollupView
  | OpensearchIndexView
  | OpensearchLogView
  | ArchiveView;

/**
 * `aurora(…)` declares a source table; `aurora.table(…)` a view for joins and aggregates, one table,
 * partitioned by month if `partitionBy` says so.
 */
export const aurora = Object.assign(
  (options: { readonly indexes?: TableIndexes } = {}): AuroraSource => ({
    store: 'aurora',
    indexes: options.indexes ?? [],
  }),
  {
    table: (
      options: {
        readonly partitionBy?: PartitionTerm;
        readonly indexes?: TableIndexes;
        /**
         * How old a row may be, by the field of `partitionBy`: older ones have left the view, and a month of which all
         * have is dropped whole. Nine days at least. Default: rows stay.
         *
         * With a month go the versions and tombstones that kept its rows from going back (rule 1 of DESIGN §4). None is
         * needed any more: such a row has left for good, whatever its version, so readers hide it, and apply, backfill and
         * verify leave it out, however late its change comes or how often the log is applied again. Nine days, as long as
         * the log can be applied again and two more, is the least, so that a record that is as young as its row is never
         * of a month that was dropped. Who makes `keep` longer finds the months between empty: `polystore rebuild` fills
         * them. Where the entity has an archive, a month is dropped when every row of it is there.
         */
        readonly keep?: Milliseconds;
      } = {},
    ): AuroraTableView => ({
      kind: 'aurora.table',
      partitionBy: options.partitionBy,
      indexes: options.indexes ?? [],
      keep: options.keep,
    }),
  },
);

export const redis = {
  /** A Redis hash for each value of `by`, with a field per row. By default a hash is one row. */
  hash: (options: RedisViewOptions = {}): RedisHashView => ({ kind: 'redis.hash', ...options }),
  /**
   * A Redis sorted set for each value of `by`: a member per row that has a score, ordered by the
   * `score` field (a number or a timestamp). `limit` keeps only so many of the highest.
   */
  sortedSet: (
    options: RedisViewOptions & { readonly score: string; readonly limit?: number },
  ): RedisSortedSetView => ({ kind: 'redis.sortedSet', ...options }),
  /**
   * A geo index for each value of `by` (none: one for all): the rows that have both a `latitude` and a `longitude`, in
   * degrees, found by how far they are from a place (`earth_distance` in SQL).
   */
  geo: (options: Omit<RedisGeoView, 'kind'>): RedisGeoView => ({ kind: 'redis.geo', ...options }),
};

export const keyspaces = {
  /**
   * A wide table: rows of one partition (`by`) in the order of a field that never changes. Partitions
   * that would pass what Keyspaces writes a second are parted further, by the entity's `rate` and the
   * share of it that the busiest partition takes (`busiestShare`, above 0 to 1; default 1).
   */
  table: (options: Omit<KeyspacesTableView, 'kind'>): KeyspacesTableView => ({
    kind: 'keyspaces.table',
    ...options,
  }),
  /**
   * Totals by tenant, metric and month, a row for each `bucket` (an hour of a timestamp). They are worked
   * out anew from the rows of another view, `from`, a `keyspaces.table` whose partitions are such buckets.
   */
  rollup: (options: Omit<KeyspacesRollupView, 'kind'>): KeyspacesRollupView => ({
    kind: 'keyspaces.rollup',
    ...options,
  }),
};

export const opensearch = {
  /** An index with a document for each row, for full text and for counts by any field. */
  index: (options: Omit<OpensearchIndexView, 'kind'> = {}): OpensearchIndexView => ({
    kind: 'opensearch.index',
    ...options,
  }),
  /** An index for each UTC day of the timestamp `at`; a day is dropped whole when its rows are older than `keep`. */
  log: (options: Omit<OpensearchLogView, 'kind'>): OpensearchLogView => ({
    kind: 'opensearch.log',
    ...options,
  }),
};

export const archive = {
  /** Parquet files, a folder for each UTC day of a timestamp that never changes: all that ever was. */
  parquet: (options: Omit<ArchiveView, 'kind'>): ArchiveView => ({ kind: 'archive.parquet', ...options }),
};

// ── entities ─────────────────────────────────────────────────────────────────────────────────────

/** One declared entity, whatever its fields. */
export interface EntityDefinition {
  readonly name: string;
  readonly key: readonly string[];
  readonly tenant: string | typeof shared;
  readonly fields: Fields;
  readonly source: Source;
  readonly views: Readonly<Record<string, View>>;
  /** What every row meets, by name; a write that would break one is refused. @default - none */
  readonly checks?: Checks;
  readonly rate?: Rate;
}

/** What is expected: partitions are sized by the peak, disks by a day. */
export interface Rate {
  /** Changes a second of the busiest tenant at peak, or of all rows where the entity is shared. */
  readonly changesPerSecond: number;
  /**
   * Rows read from the source a second at peak, of the busiest tenant or of all rows where the entity is
   * shared; what views answer is not among them.
   * @default - nothing is known
   */
  readonly readsPerSecond?: number;
  /**
   * Changes a day of all tenants together, on a busy day.
   * @default - `changesPerSecond`, all day long
   */
  readonly changesPerDay?: number;
  /**
   * Bytes of a row as JSON, on average.
   * @default - the most that the fields take which have a bound; texts and JSON without one count as nothing
   */
  readonly rowBytes?: number;
}

/** A declared entity that remembers its fields' types. */
export interface Entity<F extends Fields> extends EntityDefinition {
  readonly fields: F;
}

/** Declares a kind of record. `name` is camelCase; the SQL table is its snake_case form. */
export function entity<const F extends Fields>(
  name: string,
  definition: {
    readonly key: readonly (keyof F & string)[];
    readonly tenant: (keyof F & string) | typeof shared;
    readonly fields: F;
    readonly source: Source;
    readonly views?: Readonly<Record<string, View>>;
    readonly checks?: Checks;
    readonly rate?: Rate;
  },
): Entity<F> {
  return { name, views: {}, ...definition };
}

export interface Model {
  readonly name: string;
  readonly entities: readonly EntityDefinition[];
  /** What callers ask. @default - nothing is known */
  readonly accessPatterns?: AccessPatterns;
}

/** Puts entities together. `name` is the deployment's name in every engine: lower case, a-z, 0-9, `-`. */
export const model = (
  name: string,
  entities: readonly EntityDefinition[],
  options: Pick<Model, 'accessPatterns'> = {},
): Model => ({ name, entities, ...options });
