import type { Operand } from '../operand.ts';
import { Unrecognised } from '../unrecognised.ts';
import {
  asDecimal,
  bigint,
  castTo,
  constantOf,
  decimal,
  float,
  isNumber,
  isWhole,
  type SqlType,
  text,
  timestamp,
} from './sql-type.ts';

/** An expression as DuckDB is sent it, and what PostgreSQL says that it is. */
export type Expression = TypedExpression | Constant;

export interface TypedExpression {
  readonly kind: 'typed';
  readonly sql: string;
  readonly type: SqlType;
  /** A column of an entity, through whatever it came here: its whole numbers of 64 bits are texts in an answer. */
  readonly isColumn: boolean;
}

/** A constant or a parameter that has no type yet: it takes that of what it meets. */
export interface Constant {
  readonly kind: 'constant';
  readonly operand: Operand;
}

/** An average and what it is worked out of. Its `sql` is only what it is ordered by. */
export interface Average extends TypedExpression {
  readonly average: { readonly sum: string; readonly count: string };
}
export const isAverage = (expression: Expression): expression is Average => 'average' in expression;

export const typed = (sql: string, type: SqlType): TypedExpression => ({
  kind: 'typed',
  sql,
  type,
  isColumn: false,
});

/** The average of whole numbers: their sum, of 38 digits, over how many there are. */
export function averageOf(sum: string, count: string): Average {
  // In this form it is only ever ordered by; equal averages of whole numbers are equal here, and lower ones lower.
  const scaled = `((CAST(${sum} AS HUGEINT) * 1000000000000) // ${count})`;
  const order = `(CASE WHEN ${count} = 0 THEN NULL ELSE ${scaled} END)`;
  return { ...typed(order, { kind: 'average' }), average: { sum, count } };
}

export const typeOf = (expression: Expression): SqlType | undefined =>
  expression.kind === 'typed' ? expression.type : undefined;

/** As an expression of its own type; what has none is text, as PostgreSQL decides in the end. */
export const settled = (expression: Expression): TypedExpression =>
  expression.kind === 'typed' ? expression : constant(expression, text);

function constant({ operand }: Constant, type: SqlType): TypedExpression {
  const { sql, type: read } = constantOf(operand, type);
  return typed(sql, read);
}

/**
 * As an expression of this type: a constant is read as one, another is cast as PostgreSQL casts by itself.
 * @throws Unrecognised where it would not.
 */
export function coerced(expression: Expression, type: SqlType): TypedExpression {
  if (expression.kind === 'constant') return constant(expression, type);
  const from = expression.type;
  if (from.kind === type.kind) {
    if (from.kind !== 'decimal' || type.kind !== 'decimal') return expression;
    return from.scale === type.scale && from.precision === type.precision
      ? expression
      : typed(castTo(expression.sql, type), type);
  }
  const widened =
    (from.kind === 'integer' && type.kind === 'bigint') ||
    (isWhole(from) && (type.kind === 'decimal' || type.kind === 'float')) ||
    (from.kind === 'date' && type.kind === 'timestamp');
  if (widened) return typed(castTo(expression.sql, type), type);
  // Fifteen digits over a power of ten are divided exactly as PostgreSQL reads their text.
  if (from.kind === 'decimal' && type.kind === 'float' && from.precision <= 15)
    return typed(castTo(expression.sql, type), type);
  throw new Unrecognised(`a ${from.kind} where a ${type.kind} stands`);
}

const isCompared = (kind: SqlType['kind']): boolean =>
  kind !== 'json' && kind !== 'interval' && kind !== 'average';

/** The type in which two are compared. */
export function comparableType(a: SqlType, b: SqlType): SqlType {
  for (const { kind } of [a, b])
    if (!isCompared(kind))
      throw new Unrecognised(`a comparison of ${kind === 'json' ? 'JSON' : `an ${kind}`}`);
  if (a.kind === b.kind && a.kind !== 'decimal') return a;
  if (isNumber(a) && isNumber(b)) {
    if (a.kind === 'float' || b.kind === 'float') return float;
    if (isWhole(a) && isWhole(b)) return bigint;
    return commonDecimal(a, b);
  }
  if ((a.kind === 'date' && b.kind === 'timestamp') || (a.kind === 'timestamp' && b.kind === 'date'))
    return timestamp;
  throw new Unrecognised(`a comparison of ${a.kind} with ${b.kind}`);
}

/** A decimal that holds all values of both. */
function commonDecimal(a: SqlType, b: SqlType): SqlType {
  const [left, right] = [asDecimal(a), asDecimal(b)];
  const scale = Math.max(left.scale, right.scale);
  return decimal(Math.max(left.precision - left.scale, right.precision - right.scale) + scale, scale);
}

/**
 * Brings the branches of a choice, or the columns of a union, to one type.
 * @throws Unrecognised where PostgreSQL would not, or where each decimal would keep digits of its own.
 */
export function unified(expressions: readonly Expression[]): readonly TypedExpression[] {
  const types = expressions.map(typeOf).filter((type) => type !== undefined);
  const [first, ...more] = types;
  if (first === undefined) return expressions.map(settled);
  const common = more.reduce((type: SqlType, next) => unifiedType(type, next), first);
  return expressions.map((expression) => {
    const one = coerced(expression, common);
    if (common.kind === 'decimal' && one.type.kind === 'decimal' && one.type.scale !== common.scale)
      throw ownDigits();
    return coerced(one, common);
  });
}

const ownDigits = (): Unrecognised =>
  new Unrecognised('decimals of different scales in one column: cast them to one numeric(p, s)');

function unifiedType(a: SqlType, b: SqlType): SqlType {
  if (!isCompared(a.kind) || !isCompared(b.kind)) {
    if (a.kind === b.kind && a.kind !== 'average') return a;
    throw new Unrecognised(`${a.kind} beside ${b.kind}`);
  }
  const common = comparableType(a, b);
  if (common.kind === 'decimal' && asDecimal(a).scale !== asDecimal(b).scale) throw ownDigits();
  return common;
}
