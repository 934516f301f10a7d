import type { Row, Value } from '../change/change.ts';
import { type CatalogColumn, type FieldType, isOpaque } from '../model/index.ts';
import type { Aggregate, AggregateGroup } from '../stores/store.ts';

/** One value of a group: what it is grouped by, or what its rows add up to. */
export type GroupExpression =
  | { readonly kind: 'group'; readonly group: AggregateGroup }
  | { readonly kind: 'aggregate'; readonly aggregate: Aggregate }
  /** PostgreSQL's `avg` of whole numbers, worked out here. */
  | { readonly kind: 'average'; readonly sum: Aggregate; readonly count: Aggregate };

/** PostgreSQL's `numeric` of any number of digits. */
const numeric: FieldType = { kind: 'decimal', precision: 1000, scale: 0 };

/** The type that PostgreSQL gives to an expression. */
export function expressionType(expression: GroupExpression): FieldType {
  switch (expression.kind) {
    case 'group': {
      const { column, unit } = expression.group;
      const isNumber = typeof unit === 'object' && unit.kind === 'quotient';
      return unit === 'value' || isNumber ? column.type : { kind: 'timestamp' };
    }
    case 'average':
      return numeric;
    case 'aggregate': {
      const { function: of, column } = expression.aggregate;
      if (of === 'count' || of === 'count distinct' || column === undefined) return { kind: 'bigint' };
      if (of !== 'sum') return column.type;
      return column.type.kind === 'integer' ? { kind: 'bigint' } : numeric;
    }
  }
}

/** The value of an expression in a group, exactly; whole numbers of 64 bits are texts. */
export function exactValue(expression: GroupExpression, group: Row): Value {
  switch (expression.kind) {
    case 'group':
      return group[expression.group.as] ?? null;
    case 'aggregate':
      return group[expression.aggregate.as] ?? null;
    case 'average': {
      const [sum, count] = [group[expression.sum.as] ?? null, group[expression.count.as] ?? null];
      return sum === null ? null : quotientText(BigInt(String(sum)), BigInt(String(count)));
    }
  }
}

/** As SQL stores answer it: a computed bigint is a number when a number holds it exactly, a column's is text. */
export function answerValue(expression: GroupExpression, group: Row): Value {
  const value = exactValue(expression, group);
  const isComputed = expression.kind !== 'group' || typeof expression.group.unit === 'object';
  return isComputed &&
    expressionType(expression).kind === 'bigint' &&
    Number.isSafeInteger(Number(value ?? Number.NaN))
    ? Number(value)
    : value;
}

/** Aggregates of columns of these types, as PostgreSQL has them and every store gives them alike. */
export function isAggregated(of: Aggregate['function'] | 'avg', { type }: CatalogColumn): boolean {
  switch (of) {
    case 'count':
      return true;
    case 'sum':
      // A sum of floats depends on the order in which they are added.
      return ['integer', 'bigint', 'decimal'].includes(type.kind);
    case 'avg':
      return ['integer', 'bigint'].includes(type.kind);
    case 'count distinct':
      return !isOpaque(type);
    case 'min':
    case 'max':
      return type.kind !== 'boolean' && !isOpaque(type);
  }
}

/**
 * The quotient of two whole numbers as PostgreSQL's `numeric` gives it: with so many digits after the point
 * that at least 16 count, in steps of its four decimal digits, and rounded half away from zero
 * (`select_div_scale` and `div_var` in src/backend/utils/adt/numeric.c).
 */
export function quotientText(sum: bigint, count: bigint): string {
  const [dividend, divisor] = [leadingGroup(sum), leadingGroup(count)];
  const weight = dividend.weight - divisor.weight - (dividend.first <= divisor.first ? 1 : 0);
  const scale = Math.max(0, 16 - weight * 4);
  const scaled = (sum < 0n ? -sum : sum) * 10n ** BigInt(scale);
  const quotient = (scaled * 2n + count) / (count * 2n);
  const digits = quotient.toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return sum < 0n && quotient > 0n ? `-${text}` : text;
}

/** A number in groups of four digits: the first of them, and how many follow. */
function leadingGroup(value: bigint): { readonly weight: number; readonly first: number } {
  const digits = (value < 0n ? -value : value).toString();
  const weight = Math.ceil(digits.length / 4) - 1;
  return { weight, first: Number(digits.slice(0, digits.length - weight * 4)) };
}
