import type { Row, Value } from '../change/change.ts';
import type { CatalogColumn, Comparison } from '../model/index.ts';
import { type Distance, distanceOf } from './earth-distance.ts';
import { compareValues, identityOf } from './value-order.ts';

/** A condition on one row, with constants in canonical values of their column's type. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | {
      readonly kind: 'compare';
      readonly column: CatalogColumn;
      readonly operator: Comparison;
      readonly value: Value;
    }
  | { readonly kind: 'in'; readonly column: CatalogColumn; readonly values: readonly Value[] }
  | { readonly kind: 'isNull'; readonly column: CatalogColumn }
  | DistanceCondition;

/** Unknown for a row without a position, and for `metres` null. */
export interface DistanceCondition {
  readonly kind: 'distance';
  readonly distance: Distance;
  readonly operator: Comparison;
  readonly metres: number | null;
}

/** SQL's three values; null is unknown. */
export type Truth = boolean | null;

/**
 * What a row is tested with, by SQL's three-valued logic; a row answers a query only when it is `true`.
 * Testing against a list takes the same time however long the list is.
 */
export function createPredicate(condition: Condition): (row: Row) => Truth {
  switch (condition.kind) {
    case 'and':
      return all(condition.of.map(createPredicate));
    case 'or': {
      const none = all(condition.of.map((part) => negated(createPredicate(part))));
      return negated(none);
    }
    case 'not':
      return negated(createPredicate(condition.of));
    case 'isNull':
      return (row) => (row[condition.column.name] ?? null) === null;
    case 'in':
      return membership(condition);
    case 'compare':
      return comparison(condition);
    case 'distance':
      return nearness(condition);
  }
}

const negated =
  (predicate: (row: Row) => Truth): ((row: Row) => Truth) =>
  (row) => {
    const truth = predicate(row);
    return truth === null ? null : !truth;
  };

/** False wins over unknown, unknown over true. */
const all =
  (predicates: readonly ((row: Row) => Truth)[]): ((row: Row) => Truth) =>
  (row) => {
    let truth: Truth = true;
    for (const predicate of predicates) {
      const next = predicate(row);
      if (next === false) return false;
      truth = next === null ? null : truth;
    }
    return truth;
  };

function membership({ column, values }: Extract<Condition, { readonly kind: 'in' }>): (row: Row) => Truth {
  const listed = new Set(values.map((value) => identityOf(column.type, value)));
  const otherwise = listed.has(null) ? null : false;
  return (row) => {
    const held = row[column.name] ?? null;
    // Nothing is in an empty list, not even what is unknown.
    if (held === null) return listed.size === 0 ? false : null;
    return listed.has(identityOf(column.type, held)) ? true : otherwise;
  };
}

function comparison({
  column,
  operator,
  value,
}: Extract<Condition, { readonly kind: 'compare' }>): (row: Row) => Truth {
  if (value === null) return () => null;
  const identity = identityOf(column.type, value);
  return (row) => {
    const held = row[column.name] ?? null;
    if (held === null) return null;
    if (operator === '=' || operator === '<>')
      return (identityOf(column.type, held) === identity) === (operator === '=');
    return compares(operator, compareValues(column.type, held, value));
  };
}

function nearness({ distance, operator, metres }: DistanceCondition): (row: Row) => Truth {
  if (metres === null) return () => null;
  return (row) => {
    const held = distanceOf(distance, row);
    return held === null ? null : compares(operator, held - metres);
  };
}

/** @param order below, at or above 0 as the left side is below, equal to or above the right */
function compares(operator: Comparison, order: number): boolean {
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}
