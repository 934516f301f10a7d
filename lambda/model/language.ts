import type { Field } from './fields.ts';

/** The words in which a model is written: entities, sources, views and the terms they use. */

export type Fields = Readonly<Record<string, Field>>;

/** What a caller gets: one row of an entity, by field name, in canonical values. */
export type Row<E> =
  E extends Entity<infer F> ? { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never } : never;

/** Reference data that belongs to no tenant: all may read it, only an operator may write it. */
export const shared = Symbol.for('polystore.shared');

// ── terms ────────────────────────────────────────────────────────────────────────────────────────

/** The part of a location that a field decides: its value, its UTC day or its UTC month. */
export interface PartitionTerm {
  readonly field: string;
  readonly unit: 'value' | 'day' | 'month';
}
/** The UTC day of a timestamp. */
export const day = (field: string): PartitionTerm => ({ field, unit: 'day' });
/** The UTC month of a timestamp. */
export const month = (field: string): PartitionTerm => ({ field, unit: 'month' });

declare const millisecondsBrand: unique symbol;
export type Milliseconds = number & { readonly [millisecondsBrand]: true };
// The casts brand a plain number; these two functions are the only way to make one.
export const hours = (count: number): Milliseconds => (count * 3_600_000) as Milliseconds;
export const days = (count: number): Milliseconds => hours(count * 24);

/** When a row leaves its view: so long after the time in a field. */
export interface Expiry {
  readonly field: string;
  readonly afterMs: Milliseconds;
}
export const after = (field: string, duration: Milliseconds): Expiry => ({ field, afterMs: duration });

// ── sources ──────────────────────────────────────────────────────────────────────────────────────

export interface AuroraSource {
  readonly store: 'aurora';
  readonly indexes: readonly (readonly string[])[];
}

/**
 * In a key template text is text and `{field}` the field's value as text; a bare name is that field
 * with its own type.
 */
export interface DynamodbKeys {
  readonly partitionKey: string;
  readonly sortKey: string;
}
export interface DynamodbIndex extends DynamodbKeys {
  /** Spreads one index partition over so many, for a partition key of few values. Readers ask all. */
  readonly spread?: number;
}
export interface DynamodbSource extends DynamodbKeys {
  readonly store: 'dynamodb';
  readonly indexes: Readonly<Record<string, DynamodbIndex>>;
  readonly localIndexes: Readonly<Record<string, { readonly sortKey: string }>>;
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

/** Append-only events, sent to `POST /events`; the change log itself is their system of record. */
export function kafka(options: { readonly partitions?: number } = {}): KafkaSource {
  return { store: 'kafka', partitions: options.partitions ?? 6 };
}

// ── views ────────────────────────────────────────────────────────────────────────────────────────

export interface AuroraTableView {
  readonly kind: 'aurora.table';
  readonly partitionBy: PartitionTerm | undefined;
  readonly indexes: readonly (readonly string[])[];
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
export type View = AuroraTableView | RedisHashView | RedisSortedSetView;

/**
 * `aurora(…)` declares a source table; `aurora.table(…)` a view for joins and aggregates, one table,
 * partitioned by month if `partitionBy` says so.
 */
export const aurora = Object.assign(
  (options: { readonly indexes?: readonly (readonly string[])[] } = {}): AuroraSource => ({
    store: 'aurora',
    indexes: options.indexes ?? [],
  }),
  {
    table: (
      options: {
        readonly partitionBy?: PartitionTerm;
        readonly indexes?: readonly (readonly string[])[];
      } = {},
    ): AuroraTableView => ({
      kind: 'aurora.table',
      partitionBy: options.partitionBy,
      indexes: options.indexes ?? [],
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
  },
): Entity<F> {
  return { name, views: {}, ...definition };
}

export interface Model {
  readonly name: string;
  readonly entities: readonly EntityDefinition[];
}

/** Puts entities together. `name` is the deployment's name in every engine: lower case, a-z, 0-9, `-`. */
export const model = (name: string, entities: readonly EntityDefinition[]): Model => ({ name, entities });
