import type { Row, Value } from '../change/change.ts';
import type { CatalogColumn } from '../model/index.ts';
import { compareValues } from './value-order.ts';

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

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
  | { readonly kind: 'isNull'; readonly column: CatalogColumn };

/** SQL's three values; null is unknown. */
export type Truth = boolean | null;

/** Evaluates a condition with SQL's three-valued logic; a row answers a query only when it is `true`. */
export function evaluate(condition: Condition, row: Row): Truth {
  switch (condition.kind) {
    case 'and':
      return all(condition.of.map((part) => evaluate(part, row)));
    case 'or':
      return not(all(condition.of.map((part) => not(evaluate(part, row)))));
    case 'not':
      return not(evaluate(condition.of, row));
    case 'isNull':
      return (row[condition.column.name] ?? null) === null;
    case 'in':
      return not(
        all(
          condition.values.map((value) =>
            not(compare(condition.column, '=', row[condition.column.name] ?? null, value)),
          ),
        ),
      );
    case 'compare':
      return compare(
        condition.column,
        condition.operator,
        row[condition.column.name] ?? null,
        condition.value,
      );
  }
}

const not = (truth: Truth): Truth => (truth === null ? null : !truth);

/** False wins over unknown, unknown over true. */
function all(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

function compare(column: CatalogColumn, operator: Comparison, left: Value, right: Value): Truth {
  if (left === null || right === null) return null;
  const order = compareValues(column.type, left, right);
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
