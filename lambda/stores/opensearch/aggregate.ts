import type { Row, Value } from '../../change/change.ts';
import type { CatalogColumn } from '../../model/index.ts';
import { type Bin, binStart } from '../grouping.ts';
import { microsecondsOf } from '../instants.ts';
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
  readonly groups: readonly GroupSource[];
  readonly parts: readonly (Part & { readonly as: string })[];
  /** What is asked inside each group, or of all rows. */
  readonly inner: Record<string, Aggregation>;
  /** Aggregates of different values: groups of each value are counted for them. */
  readonly distinct: readonly { readonly as: string; readonly source: GroupSource }[];
  /** Groups to ask for at once. */
  readonly pageSize: number;
}

export interface GroupSource {
  readonly as: string;
  readonly source: Readonly<Record<string, unknown>>;
  fromKey(key: unknown): Value;
}

/** @throws `not_supported` for groups and totals that OpenSearch cannot tell exactly. */
export function planAggregate(fragment: AggregateFragment, pageRows: number): AggregatePlan {
  const { placement, groups, aggregates, maxGroups } = fragment;
  const isDistinct = (each: Aggregate): boolean => each.function === 'count distinct';
  const parts = aggregates
    .filter((each) => !isDistinct(each))
    .map((each, position) => ({ as: each.as, ...planPart(placement, each, `a${position}`) }));
  const buckets = parts.reduce((sum, part) => sum + part.buckets, 1);
  return {
    groups: groups.map((group) => planGroup(placement, group)),
    parts,
    distinct: aggregates.filter(isDistinct).map(({ as, column }) => {
      if (column === undefined)
        throw notAnswered(placement, `cannot count different values of nothing as ${as}`);
      return { as, source: planValues(placement, column, as) };
    }),
    inner: Object.assign({}, ...parts.map(({ asked }) => asked)),
    pageSize: Math.min(maxGroups + 1, pageRows, Math.floor(maxBuckets / buckets)),
  };
}

/** How the groups of a column, or of what its values are put together by, are asked for and read. */
export function planGroup(placement: Placement, { as, column, unit }: AggregateGroup): GroupSource {
  const field = fieldOf(placement, column);
  // A group of the rows that have no value.
  const missing = { missing_bucket: true };
  if (unit === 'value') {
    const { source, fromKey } = planValues(placement, column, as);
    return { as, source: { terms: { ...source.terms, ...missing } }, fromKey };
  }
  if (typeof unit === 'object' && unit.kind === 'quotient')
    return {
      as,
      // Painless divides whole numbers as PostgreSQL does, towards zero, where a histogram goes down.
      source: {
        terms: {
          script: {
            source: `doc[params.column].size() == 0 ? null : doc[params.column].value / params.divisor`,
            params: { column: field.name, divisor: Number(unit.divisor) },
          },
          value_type: 'long',
          ...missing,
        },
      },
      fromKey: (key) => (key === null ? null : field.fromTerm(key)),
    };
  return {
    as,
    source: {
      date_histogram: {
        field: timeFieldOf(column),
        ...(typeof unit === 'object' ? renderBin(placement, unit) : { calendar_interval: unit }),
        ...missing,
      },
    },
    // Milliseconds since the epoch.
    fromKey: (key) => (key === null ? null : binStart(BigInt(Number(key)) * 1000n)),
  };
}

/** @throws `not_supported` for bins that do not begin at whole milliseconds, which is how fine its times are. */
function renderBin(placement: Placement, { width, origin }: Bin): object {
  const [wide, from] = [BigInt(width), microsecondsOf(origin)];
  if (wide % 1000n !== 0n || from % 1000n !== 0n)
    throw notAnswered(placement, 'has bins of whole milliseconds, from a whole millisecond on');
  const offset = ((from % wide) + wide) % wide;
  return { fixed_interval: `${wide / 1000n}ms`, offset: `+${offset / 1000n}ms` };
}

/** Groups of the rows that have each value of a column; not of those that have none. */
function planValues(
  placement: Placement,
  column: CatalogColumn,
  as: string,
): GroupSource & { readonly source: { readonly terms: object } } {
  const field = fieldOf(placement, column);
  return {
    as,
    source: { terms: { field: field.name } },
    fromKey: (key) => (key === null ? null : field.fromTerm(key)),
  };
}

function planPart(placement: Placement, { function: of, column, as }: Aggregate, name: string): Part {
  if (column === undefined || of === 'count distinct') {
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

/** How groups are asked for, and what of each. */
export type GroupRequest = Pick<AggregatePlan, 'groups' | 'inner' | 'pageSize'>;

export const renderGroups = (plan: GroupRequest, after: GroupPage['after_key']): Aggregation => ({
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
  ...(Object.keys(plan.inner).length > 0 && { aggs: plan.inner }),
});

/** Values of the groups that a bucket is of, by their names. */
export const groupValues = (
  { groups }: Pick<AggregatePlan, 'groups'>,
  key: Readonly<Record<string, unknown>>,
): Row =>
  Object.fromEntries(groups.map(({ as, fromKey }, position) => [as, fromKey(key[`g${position}`] ?? null)]));

/** The row of a group. */
export function groupRow(plan: AggregatePlan, key: Readonly<Record<string, unknown>>, bucket: Bucket): Row {
  return {
    ...groupValues(plan, key),
    ...Object.fromEntries(plan.parts.map(({ as, read }) => [as, read(bucket)])),
  };
}
