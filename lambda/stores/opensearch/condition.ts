import type { Types } from '@opensearch-project/opensearch';
import type { Value } from '../../change/change.ts';
import type { CatalogColumn, Comparison } from '../../model/index.ts';
import type { Condition } from '../predicate.ts';
import type { Placement } from '../store.ts';
import { compareValues } from '../value-order.ts';
import { notAnswered } from './errors.ts';
import { fieldOf, type SearchField } from './field.ts';

export type Query = Types.Common_QueryDsl.QueryContainer;

/** OpenSearch's own limit (`index.max_terms_count`). */
const maxListed = 65_536;

const everything: Query = { match_all: {} };
const nothing: Query = { match_none: {} };
const not = (query: Query): Query => ({ bool: { must_not: [query] } });
const all = (queries: readonly Query[]): Query => ({ bool: { filter: joinRanges(queries) } });
const any = (queries: readonly Query[]): Query =>
  // Without any part OpenSearch would take all rows.
  queries.length === 0 ? nothing : { bool: { should: [...queries], minimum_should_match: 1 } };

/**
 * Queries that must all be met, with the bounds of a field as one range: a range goes through every term in it, and one
 * that is open to a side through most of the index, of which the other then leaves nearly nothing.
 */
export function joinRanges(queries: readonly Query[]): Query[] {
  const joined: Query[] = [];
  const places = new Map<string, number>();
  for (const query of queries) {
    const [range] = Object.entries(query.range ?? {});
    if (range === undefined) {
      joined.push(query);
      continue;
    }
    const [field, bounds] = range;
    const place = places.get(field);
    const before = place === undefined ? undefined : joined[place]?.range?.[field];
    if (place !== undefined && before !== undefined && areOpposite(before, bounds)) {
      // Two ranges of one field, of its own type.
      joined[place] = { range: { [field]: { ...before, ...bounds } as typeof before } };
      continue;
    }
    if (place === undefined) places.set(field, joined.length);
    joined.push(query);
  }
  return joined;
}

/** Whether no two bounds are to one side: of such each stands by itself. */
function areOpposite(some: object, more: object): boolean {
  const sides = [...Object.keys(some), ...Object.keys(more)].map((bound) => bound.startsWith('g'));
  return new Set(sides).size === sides.length;
}

/** The queries of the rows for which a condition is true, and of those for which it is false; the others are unknown. */
interface Truths {
  readonly isTrue: Query;
  readonly isFalse: Query;
}

/**
 * The rows for which a condition is true by SQL's three-valued logic. A search engine knows two values, so each part is
 * asked for both, "is true" and "is false": what is neither is unknown, and stays so under `not`.
 *
 * @throws `not_supported` for conditions on JSON, and for lists that are too long.
 */
export const renderCondition = (placement: Placement, condition: Condition): Query =>
  truthsOf(placement, condition).isTrue;

function truthsOf(placement: Placement, condition: Condition): Truths {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.of.map((part) => truthsOf(placement, part));
      return {
        isTrue: all(parts.map(({ isTrue }) => isTrue)),
        isFalse: any(parts.map(({ isFalse }) => isFalse)),
      };
    }
    case 'or': {
      const parts = condition.of.map((part) => truthsOf(placement, part));
      return {
        isTrue: any(parts.map(({ isTrue }) => isTrue)),
        isFalse: all(parts.map(({ isFalse }) => isFalse)),
      };
    }
    case 'not': {
      const { isTrue, isFalse } = truthsOf(placement, condition.of);
      return { isTrue: isFalse, isFalse: isTrue };
    }
    case 'isNull': {
      const present = exists(fieldOf(placement, condition.column));
      return { isTrue: not(present), isFalse: present };
    }
    case 'in':
      return membership(placement, condition.column, condition.values);
    case 'compare':
      return comparison(placement, condition);
    case 'distance':
      throw notAnswered(placement, 'computes no distances');
  }
}

const exists = ({ name }: SearchField): Query => ({ exists: { field: name } });

function membership(placement: Placement, column: CatalogColumn, values: readonly Value[]): Truths {
  const field = fieldOf(placement, column);
  // Nothing is in an empty list, not even what is unknown.
  if (values.length === 0) return { isTrue: nothing, isFalse: everything };
  if (values.length > maxListed)
    throw notAnswered(
      placement,
      `takes lists of ${maxListed} values, and ${column.name} was given ${values.length}`,
    );
  const places = values.filter((value) => value !== null).map((value) => field.place(value));
  const terms = places.filter(({ isExact }) => isExact).map(({ term }) => term);
  const listed: Query = terms.length === 0 ? nothing : { terms: { [field.name]: terms } };
  // Among unknown values there may be this one.
  const isFalse = values.includes(null) ? nothing : all([exists(field), not(listed)]);
  return { isTrue: listed, isFalse };
}

function comparison(
  placement: Placement,
  { column, operator, value }: Extract<Condition, { readonly kind: 'compare' }>,
): Truths {
  const field = fieldOf(placement, column);
  if (value === null) return { isTrue: nothing, isFalse: nothing };
  const isTrue = compare({ field, column, operator, value });
  return { isTrue, isFalse: all([exists(field), not(isTrue)]) };
}

function compare(parts: {
  readonly field: SearchField;
  readonly column: CatalogColumn;
  readonly operator: Comparison;
  readonly value: Value;
}): Query {
  const { field, column, operator, value } = parts;
  const { term, isExact } = field.place(value);
  const equal: Query = isExact ? { term: { [field.name]: { value: term } } } : nothing;
  if (operator === '=') return equal;
  if (operator === '<>') return all([exists(field), not(equal)]);
  if (column.type.kind === 'boolean') return compareBooleans(parts);
  const range = (bound: 'lt' | 'lte' | 'gt' | 'gte'): Query => ({
    range: { [field.name]: { [bound]: term } },
  });
  // The constant may lie between two terms: above the one that was found.
  switch (operator) {
    case '<':
      return range(isExact ? 'lt' : 'lte');
    case '<=':
      return range('lte');
    case '>':
      return range('gt');
    case '>=':
      return range(isExact ? 'gte' : 'gt');
  }
}

/** False is below true; there are only these two to be listed. */
function compareBooleans({ field, column, operator, value }: Parameters<typeof compare>[0]): Query {
  const holds = (held: boolean): boolean => {
    const order = compareValues(column.type, held, value);
    if (order === 0) return operator.endsWith('=');
    return operator.startsWith(order < 0 ? '<' : '>');
  };
  const terms = [false, true].filter(holds);
  return terms.length === 0 ? nothing : { terms: { [field.name]: terms } };
}
