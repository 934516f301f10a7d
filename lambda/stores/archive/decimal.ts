import type { Comparison, FieldType } from '../../model/index.ts';
import { isTextDecimal, scaledText } from '../duckdb-values.ts';
import { quoteName } from '../sql-quote.ts';

type Decimal = Extract<FieldType, { readonly kind: 'decimal' }>;

/**
 * What an operator and a constant of any number of digits say of a column of so many: a comparison with
 * a value that the column can hold, or the same for every value that is not null.
 */
export type FittedComparison =
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly value: string }
  | { readonly kind: 'always'; readonly truth: boolean };

/**
 * Brings a constant to the digits of a column, and the operator with it: `price < 1.005` is
 * `price <= 1.00` where prices have two digits after the point.
 */
export function fitComparison(type: Decimal, operator: Comparison, constant: string): FittedComparison {
  const { floor, exact } = floorOf(constant, type.scale);
  const limit = 10n ** BigInt(type.precision);
  if (floor >= limit) return beyond(operator, 'above');
  // The floor of what lies between the lowest value and the one below it is below all of them.
  if (floor <= -limit) return beyond(operator, 'below');
  const value = scaledText(floor, type.scale);
  if (exact) return { kind: 'compare', operator, value };
  switch (operator) {
    case '=':
      return { kind: 'always', truth: false };
    case '<>':
      return { kind: 'always', truth: true };
    case '<':
    case '<=':
      return { kind: 'compare', operator: '<=', value };
    case '>':
    case '>=':
      return { kind: 'compare', operator: '>', value };
  }
}

/** The constant lies above, or below, everything that the column can hold. */
function beyond(operator: Comparison, where: 'above' | 'below'): FittedComparison {
  const smaller = operator === '<' || operator === '<=';
  const truth = operator === '<>' || (operator !== '=' && smaller === (where === 'above'));
  return { kind: 'always', truth };
}

/** The highest number of so many digits after the point that is not above the constant, unscaled. */
function floorOf(constant: string, scale: number): { readonly floor: bigint; readonly exact: boolean } {
  const negative = constant.startsWith('-');
  const [whole = '', fraction = ''] = constant.replace(/^[+-]/, '').split('.');
  const size = BigInt(`${whole}${fraction.slice(0, scale).padEnd(scale, '0')}` || '0');
  const exact = /^0*$/.test(fraction.slice(scale));
  if (!negative) return { floor: size, exact };
  return { floor: exact ? -size : -size - 1n, exact };
}

/**
 * What a column is compared and ordered by: itself, or of a decimal that is kept as text a text whose
 * order is that of the numbers. Behind the sign come the digits with leading zeros, of a negative
 * number each taken from nine.
 */
export function sortKey(type: FieldType, expression: string): string {
  if (type.kind !== 'decimal' || !isTextDecimal(type)) return expression;
  const digits = `lpad(replace(replace(${expression}, '-', ''), '.', ''), ${type.precision}, '0')`;
  return `(case when starts_with(${expression}, '-') then '0' || translate(${digits}, '0123456789', '9876543210') else '1' || ${digits} end)`;
}

/** Digits of a part that a sum is made of: sums of 2^63 of them fit in 128 bits. */
const partDigits = 18;
/** DuckDB adds decimals up in 38 digits: of a column with fewer than so many, a thousand million values fit. */
const nativeDigits = 28;

/** How a decimal column is summed exactly: as it is, or in parts of its digits, lowest first. */
export function sumParts(type: Decimal, name: string): readonly string[] {
  const column = quoteName(name);
  if (type.precision <= nativeDigits) return [`sum(${column})`];
  const text = `CAST(${column} AS VARCHAR)`;
  const digits = `replace(replace(${text}, '-', ''), '.', '')`;
  const padded = `lpad(${digits}, ${Math.ceil(type.precision / partDigits) * partDigits}, '0')`;
  const sign = `(case when starts_with(${text}, '-') then -1 else 1 end)`;
  const count = Math.ceil(type.precision / partDigits);
  return Array.from(
    { length: count },
    (_, index) =>
      `sum(${sign} * CAST(substr(${padded}, ${(count - 1 - index) * partDigits + 1}, ${partDigits}) AS BIGINT))`,
  );
}

/** The unscaled sum that the parts make. */
export const joinSumParts = (parts: readonly bigint[]): bigint =>
  parts.reduceRight((sum, part) => sum * 10n ** BigInt(partDigits) + part, 0n);
