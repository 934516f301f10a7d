import type { Row, Value } from '../../change/change.ts';
import type { CatalogColumn } from '../../model/index.ts';
import type { Aggregate, AggregateFragment, AggregateGroup, Placement } from '../store.ts';
import { notAnswered } from './errors.ts';
import { fieldOf, type SearchField, timeFieldOf } from './field.ts';

/** As OpenSearch takes it; the client's types leave out what a metric is of. */
type Aggregation = Readonly<Record<string, unknown>>;

/** Buckets of one answer, those within buckets too; the engine's own limit is 65,535 (`search.max_buckets`). */
const maxBuckets = 60_000;

/** What a group's bucket says, by our own names: the aggregate's position and what of it. */
export type Bucket = Readonly<Record<string, unknown>> & { readonly doc_count: number };

/** One aggregate: what is asked inside each group, and how its value is read. */
interface Part {
  readonly asked: Readonly<Record<string, Aggregation>>;
  /** Buckets that it makes in a group. */
  readonly buckets: number;
  read(bucket: Bucket): Value;
}

export interface AggregatePlan {
  /** Names of the groups, in the order of `sources`. */
  readonly groups: readonly GroupSource[];
  readonly parts: readonly (Part & { readonly as: string })[];
  /** What is asked inside each group, or of all rows. */
  readonly inner: Record<string, Aggregation>;
  /** Groups to ask for at once. */
  readonly pageSize: number;
}

interface GroupSource {
  readonly as: string;
  readonly source: Record<string, unknown>;
  fromKey(key: unknown): Value;
}

/** @throws `not_supported` for groups and totals that OpenSearch cannot tell exactly. */
export function planAggregate(fragment: AggregateFragment, pageRows: number): AggregatePlan {
  const { placement, groups, aggregates, maxGroups } = fragment;
  const parts = aggregates.map((each, position) => ({
    as: each.as,
    ...planPart(placement, each, `a${position}`),
  }));
  const buckets = parts.reduce((sum, part) => sum + part.buckets, 1);
  return {
    groups: groups.map((group) => planGroup(placement, group)),
    parts,
    inner: Object.assign({}, ...parts.map(({ asked }) => asked)),
    pageSize: Math.min(maxGroups + 1, pageRows, Math.floor(maxBuckets / buckets)),
  };
}

function planGroup(placement: Placement, { as, column, unit }: AggregateGroup): GroupSource {
  const field = fieldOf(placement, column);
  // A group of the rows that have no value.
  const missing = { missing_bucket: true };
  if (unit === 'value')
    return {
      as,
      source: { terms: { field: field.name, ...missing } },
      fromKey: (key) => (key === null ? null : field.fromTerm(key)),
    };
  return {
    as,
    source: { date_histogram: { field: timeFieldOf(column), calendar_interval: unit, ...missing } },
    // Milliseconds since the epoch; a canonical timestamp has six digits.
    fromKey: (key) => (key === null ? null : new Date(Number(key)).toISOString().replace('Z', '000Z')),
  };
}

function planPart(placement: Placement, { function: of, column, as }: Aggregate, name: string): Part {
  if (column === undefined) {
    if (of !== 'count') throw notAnswered(placement, `cannot tell the ${of} of nothing as ${as}`);
    return { asked: {}, buckets: 0, read: ({ doc_count }) => String(doc_count) };
  }
  const field = fieldOf(placement, column);
  switch (of) {
    case 'count':
      return {
        asked: { [name]: { value_count: { field: field.name } } },
        buckets: 0,
        read: (bucket) => String(valueIn(bucket, name) ?? 0),
      };
    case 'sum':
      return planSum(placement, column, field, name);
    case 'min':
    case 'max':
      return planExtreme(column, field, { name, of });
  }
}

/** Up to here every whole number is a double, and so is every sum on the way. */
const exactUpTo = 2 ** 53;

/**
 * OpenSearch adds up in doubles. A sum of whole numbers is exact as long as no sum on the way can leave what doubles
 * hold exactly, which the count and the extremes prove.
 */
function planSum(placement: Placement, column: CatalogColumn, field: SearchField, name: string): Part {
  const { kind } = column.type;
  if (kind !== 'integer' && kind !== 'bigint')
    throw notAnswered(placement, `adds up in double precision, and so not the ${kind} ${column.name}`);
  const asked = { sum: `${name}s`, count: `${name}c`, min: `${name}l`, max: `${name}m` };
  const on = { field: field.name };
  return {
    asked: {
      [asked.sum]: { sum: on },
      [asked.count]: { value_count: on },
      [asked.min]: { min: on },
      [asked.max]: { max: on },
    },
    buckets: 0,
    read: (bucket) => {
      const count = valueIn(bucket, asked.count) ?? 0;
      if (count === 0) return null;
      const size = Math.max(
        Math.abs(valueIn(bucket, asked.min) ?? 0),
        Math.abs(valueIn(bucket, asked.max) ?? 0),
      );
      // The extremes are doubles themselves: 2^53 + 1 comes back as 2^53.
      if (count * size >= exactUpTo)
        throw notAnswered(
          placement,
          `adds up in double precision, and ${count} values of up to ${size} of ${column.name} may be more than that holds exactly (2^53)`,
        );
      return String(BigInt(valueIn(bucket, asked.sum) ?? 0));
    },
  };
}

/** The lowest or highest value: of numbers that are doubles natively, of all else the first bucket in the order of its terms. */
function planExtreme(
  column: CatalogColumn,
  field: SearchField,
  { name, of }: { readonly name: string; readonly of: 'min' | 'max' },
): Part {
  const { kind } = column.type;
  if (kind === 'integer' || kind === 'float')
    return {
      asked: { [name]: of === 'min' ? { min: { field: field.name } } : { max: { field: field.name } } },
      buckets: 0,
      read: (bucket) => valueIn(bucket, name) ?? null,
    };
  return {
    asked: {
      [name]: { terms: { field: field.name, size: 1, order: { _key: of === 'min' ? 'asc' : 'desc' } } },
    },
    buckets: 1,
    read: (bucket) => {
      // The form of a terms aggregation's answer; where there is no index there is none.
      const found = bucket[name] as { readonly buckets: readonly { readonly key: unknown }[] } | undefined;
      const first = found?.buckets[0];
      return first === undefined ? null : field.fromTerm(first.key);
    },
  };
}

/** The number that a metric says; undefined where there was nothing to measure. */
function valueIn(bucket: Bucket, name: string): number | undefined {
  // The form of a metric's answer; where there is no index there is none.
  const found = bucket[name] as { readonly value?: number | bigint | null } | undefined;
  const value = found?.value ?? undefined;
  return value === undefined ? undefined : Number(value);
}

/** A page of groups: how they are asked for, and where the next page starts. */
export interface GroupPage {
  readonly buckets: readonly (Bucket & { readonly key: Readonly<Record<string, unknown>> })[];
  readonly after_key?: Readonly<Record<string, unknown>>;
}

export const renderGroups = (plan: AggregatePlan, after: GroupPage['after_key']): Aggregation => ({
  composite: {
    size: plan.pageSize,
    // Under names of ours, for theirs may be any.
    sources: plan.groups.map(({ source }, position) => ({ [`g${position}`]: source })),
    ...(after !== undefined && {
      // Whole numbers of 64 bits go as texts, which OpenSearch reads as exactly.
      after: Object.fromEntries(
        Object.entries(after).map(([name, key]) => [name, typeof key === 'bigint' ? String(key) : key]),
      ),
    }),
  },
  aggs: plan.inner,
});

/** The row of a group. */
export function groupRow(plan: AggregatePlan, key: Readonly<Record<string, unknown>>, bucket: Bucket): Row {
  return Object.fromEntries([
    ...plan.groups.map(({ as, fromKey }, position) => [as, fromKey(key[`g${position}`] ?? null)]),
    ...plan.parts.map(({ as, read }) => [as, read(bucket)]),
  ]);
}
