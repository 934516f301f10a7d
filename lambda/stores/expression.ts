import type { Row, Value } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import { type CatalogColumn, parseValue } from '../model/index.ts';

/** Types that arithmetic is done in, from the narrowest; two of them meet in the wider one, as in PostgreSQL. */
export const numericKinds = ['integer', 'bigint', 'decimal'] as const;
export type NumericKind = (typeof numericKinds)[number];

/** What PostgreSQL would compute of the columns of one row, to the last digit. */
export type Expression =
  /** Plain decimal notation. */
  | { readonly kind: 'constant'; readonly type: NumericKind; readonly value: string | null }
  /** A column of one of the numeric kinds. */
  | { readonly kind: 'column'; readonly column: CatalogColumn }
  | { readonly kind: 'negate'; readonly of: Expression }
  | {
      readonly kind: 'arithmetic';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    };
export type Operator = '+' | '-' | '*';

/** `digits` × 10^−`scale`. Whole numbers have a scale of 0. */
interface Scaled {
  readonly digits: bigint;
  readonly scale: number;
}
interface Numeric {
  readonly type: NumericKind;
  /** Undefined: null. */
  readonly value: Scaled | undefined;
}

export const isNumericKind = (kind: string): kind is NumericKind => numericKinds.some((one) => one === kind);

/**
 * The value that an assignment gives a column, with PostgreSQL's rules: a sum of `integer`s is an `integer`, a decimal
 * product has the digits of both, and what is assigned is rounded half away from zero to the column's scale.
 *
 * @throws `invalid_value` where PostgreSQL would: out of range at any step, or null for a column that is not optional.
 */
export function assign(column: CatalogColumn, expression: Expression, row: Row): Value {
  const { value } = evaluate(expression, row);
  if (value === undefined) return parseValue(column, null);
  const { type } = column;
  const scale = type.kind === 'decimal' ? type.scale : 0;
  const digits = rescale(value, scale);
  if (type.kind === 'decimal') {
    if (magnitude(digits) >= 10n ** BigInt(type.precision))
      throw outOfRange(`a number of ${type.precision} digits, ${type.scale} after the point`, column.name);
  } else requireRange(type.kind === 'integer' ? 'integer' : 'bigint', digits, column.name);
  return parseValue(column, plainText(digits, scale));
}

/** @throws `invalid_value` when a step is out of the range of its type. */
export function evaluate(expression: Expression, row: Row): Numeric {
  switch (expression.kind) {
    case 'constant':
      return { type: expression.type, value: parsePlain(expression.value) };
    case 'column': {
      const held = row[expression.column.name] ?? null;
      return { type: numericTypeOf(expression), value: parsePlain(held === null ? null : String(held)) };
    }
    case 'negate': {
      const { type, value } = evaluate(expression.of, row);
      return value === undefined ? { type, value } : inRange(type, { ...value, digits: -value.digits });
    }
    case 'arithmetic': {
      const left = evaluate(expression.left, row);
      const right = evaluate(expression.right, row);
      const type = widest(left.type, right.type);
      if (left.value === undefined || right.value === undefined) return { type, value: undefined };
      return inRange(type, compute(expression.operator, left.value, right.value));
    }
  }
}

/** The type of what an expression gives, whatever the row. */
export function numericTypeOf(expression: Expression): NumericKind {
  switch (expression.kind) {
    case 'constant':
      return expression.type;
    case 'column':
      // Of a numeric kind, by the type of the expression.
      return expression.column.type.kind as NumericKind;
    case 'negate':
      return numericTypeOf(expression.of);
    case 'arithmetic':
      return widest(numericTypeOf(expression.left), numericTypeOf(expression.right));
  }
}

const widest = (a: NumericKind, b: NumericKind): NumericKind =>
  numericKinds.indexOf(a) > numericKinds.indexOf(b) ? a : b;

function compute(operator: Operator, a: Scaled, b: Scaled): Scaled {
  if (operator === '*') return { digits: a.digits * b.digits, scale: a.scale + b.scale };
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [rescale(a, scale), rescale(b, scale)];
  return { digits: operator === '+' ? left + right : left - right, scale };
}

function inRange(type: NumericKind, value: Scaled): Numeric {
  if (type !== 'decimal') requireRange(type, value.digits);
  return { type, value };
}

const bits = { integer: 31n, bigint: 63n } as const;

function requireRange(type: 'integer' | 'bigint', digits: bigint, where = 'the expression'): void {
  const end = 2n ** bits[type];
  if (digits < -end || digits >= end) throw outOfRange(`a whole number of ${bits[type] + 1n} bits`, where);
}

const outOfRange = (allowed: string, where: string): PolystoreError =>
  new PolystoreError('invalid_value', `The value for ${where} is out of range; it takes ${allowed}`);

const magnitude = (digits: bigint): bigint => (digits < 0n ? -digits : digits);

/** The digits at another scale, rounded half away from zero where it is a smaller one. */
function rescale({ digits, scale }: Scaled, to: number): bigint {
  if (to >= scale) return digits * 10n ** BigInt(to - scale);
  const unit = 10n ** BigInt(scale - to);
  const rounded = (magnitude(digits) + unit / 2n) / unit;
  return digits < 0n ? -rounded : rounded;
}

function parsePlain(text: string | null): Scaled | undefined {
  if (text === null) return undefined;
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const digits = BigInt(`${whole}${fraction}` || '0');
  return { digits: text.startsWith('-') ? -digits : digits, scale: fraction.length };
}

function plainText(digits: bigint, scale: number): string {
  const text = magnitude(digits)
    .toString()
    .padStart(scale + 1, '0');
  const split = text.length - scale;
  const plain = scale === 0 ? text : `${text.slice(0, split)}.${text.slice(split)}`;
  return digits < 0n ? `-${plain}` : plain;
}
