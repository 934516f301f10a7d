import type { Comparison } from '../../model/index.ts';
import { flipped, isComparison } from '../read-condition.ts';
import { Unrecognised } from '../unrecognised.ts';
import {
  type Average,
  coerced,
  comparableType,
  type Expression,
  isAverage,
  settled,
  type TypedExpression,
  typed,
  typeOf,
} from './expression.ts';
import {
  asDecimal,
  bigint,
  boolean,
  castTo,
  date,
  decimal,
  float,
  integer,
  interval,
  isNumber,
  isWhole,
  type SqlType,
  text,
  timestamp,
} from './sql-type.ts';

/**
 * An operator between two expressions, with PostgreSQL's types, errors and roundings.
 * @throws Unrecognised where DuckDB has not the same.
 */
export function operate(operator: string, left: Expression, right: Expression): TypedExpression {
  if (isComparison(operator)) return compare(operator, left, right);
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return calculate(operator, left, right);
    case '||':
      return concatenate(left, right);
    default:
      throw new Unrecognised(`the operator ${operator}`);
  }
}

/** Two expressions in the type in which they are compared. */
export function alike(left: Expression, right: Expression): readonly [TypedExpression, TypedExpression] {
  const [a, b] = [typeOf(left), typeOf(right)];
  if (a === undefined && b === undefined) return [settled(left), settled(right)];
  if (a === undefined || b === undefined) return alikeConstant(left, right, a ?? b ?? text);
  const common = comparableType(a, b);
  return [coerced(left, common), coerced(right, common)];
}

/** A number that is written with a point is a decimal also beside a whole number; a quoted one is of that type. */
function alikeConstant(
  left: Expression,
  right: Expression,
  type: SqlType,
): readonly [TypedExpression, TypedExpression] {
  const read = (expression: Expression): TypedExpression =>
    expression.kind === 'typed' ? expression : coerced(expression, type);
  const [a, b] = [read(left), read(right)];
  if (type.kind !== 'decimal') return [a, b];
  const common = comparableType(a.type, b.type);
  return [coerced(a, common), coerced(b, common)];
}

function compare(operator: Comparison, left: Expression, right: Expression): TypedExpression {
  if (isAverage(left)) return compareAverage(left, operator, right);
  if (isAverage(right)) return compareAverage(right, flipped[operator], left);
  const [a, b] = alike(left, right);
  return typed(`(${a.sql} ${operator} ${b.sql})`, boolean);
}

/**
 * Sums are compared with as many times the value as there were values: PostgreSQL's average has so many digits that
 * it is on the same side of it.
 */
function compareAverage(
  { average: { sum, count } }: Average,
  operator: Comparison,
  other: Expression,
): TypedExpression {
  const { sql, type } = other.kind === 'constant' ? coerced(other, integer) : other;
  if (!isWhole(type) && type.kind !== 'decimal')
    throw new Unrecognised(`a comparison of an average with a ${type.kind}`);
  const scale = asDecimal(type).scale;
  const value = castTo(scale === 0 ? sql : `(${sql} * ${tenTo(scale)})`, { kind: 'average' });
  const scaled = `(${castTo(sum, { kind: 'average' })} * ${tenTo(scale)})`;
  return typed(`(${scaled} ${operator} (${value} * ${count}))`, boolean);
}

export const tenTo = (scale: number): string => `CAST('1${'0'.repeat(scale)}' AS HUGEINT)`;

function concatenate(left: Expression, right: Expression): TypedExpression {
  const textual = (expression: Expression): string => {
    const { sql, type } = settled(expression);
    if (type.kind === 'text') return sql;
    if (isWhole(type) || type.kind === 'date') return castTo(sql, text);
    throw new Unrecognised(`|| of a ${type.kind}`);
  };
  const isText = [left, right].some((one) => (typeOf(one) ?? text).kind === 'text');
  if (!isText) throw new Unrecognised('|| without a text');
  return typed(`(${textual(left)} || ${textual(right)})`, text);
}

function calculate(
  operator: '+' | '-' | '*' | '/' | '%',
  left: Expression,
  right: Expression,
): TypedExpression {
  const times = calculateTimes(operator, left, right);
  if (times !== undefined) return times;
  const [a, b] = [typeOf(left), typeOf(right)];
  if (a === undefined && b === undefined) throw new Unrecognised(`${operator} of two values without a type`);
  const [x, y] = [coerced(left, numberFor(left, b)), coerced(right, numberFor(right, a))];
  if (x.type.kind === 'float' || y.type.kind === 'float')
    return floats(operator, coerced(x, float), coerced(y, float));
  if (isWhole(x.type) && isWhole(y.type)) {
    const type = x.type.kind === 'bigint' || y.type.kind === 'bigint' ? bigint : integer;
    return wholes(operator, coerced(x, type), coerced(y, type));
  }
  return decimals(operator, x, y);
}

/** The type of one side: its own, or for a constant that of the other. */
function numberFor(expression: Expression, other: SqlType | undefined): SqlType {
  const type = typeOf(expression) ?? other;
  if (type === undefined || !isNumber(type))
    throw new Unrecognised(`arithmetic with a ${type?.kind ?? 'value'}`);
  return type;
}

const divisionByZero = "error('division by zero')";

function wholes(operator: string, x: TypedExpression, y: TypedExpression): TypedExpression {
  const { type } = x;
  if (operator !== '/' && operator !== '%') return typed(`(${x.sql} ${operator} ${y.sql})`, type);
  const quotient = `${x.sql} ${operator === '/' ? '//' : '%'} ${y.sql}`;
  return typed(`(CASE WHEN ${y.sql} = 0 THEN ${castTo(divisionByZero, type)} ELSE ${quotient} END)`, type);
}

function decimals(operator: string, x: TypedExpression, y: TypedExpression): TypedExpression {
  const [a, b] = [asDecimal(x.type), asDecimal(y.type)];
  const [left, right] = [coerced(x, a).sql, coerced(y, b).sql];
  if (operator === '*') {
    const type = decimal(a.precision + b.precision, a.scale + b.scale);
    return typed(castTo(`(${left} * ${right})`, type), type);
  }
  if (operator === '+' || operator === '-') {
    const scale = Math.max(a.scale, b.scale);
    const type = decimal(Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
    return typed(`(${castTo(left, type)} ${operator} ${castTo(right, type)})`, type);
  }
  throw new Unrecognised(`${operator} of decimals, whose digits PostgreSQL decides value by value`);
}

/** PostgreSQL refuses what DuckDB makes an infinity or a zero of. */
function floats(operator: string, x: TypedExpression, y: TypedExpression): TypedExpression {
  const [a, b] = [x.sql, y.sql];
  switch (operator) {
    case '+':
    case '-':
      return typed(`polystore_finite(${a} ${operator} ${b})`, float);
    case '*':
      return typed(`polystore_product(${a}, ${b})`, float);
    case '/':
      return typed(`polystore_quotient(${a}, ${b})`, float);
    default:
      throw new Unrecognised('% of floats');
  }
}

/** Macros that expressions are made of; every connection of the combine step has them. */
export const macros: readonly string[] = [
  `CREATE MACRO polystore_finite(x) AS CASE WHEN isinf(x) THEN CAST(error('value out of range: overflow') AS DOUBLE) ELSE x END`,
  `CREATE MACRO polystore_product(x, y) AS CASE WHEN x * y = 0 AND x <> 0 AND y <> 0
    THEN CAST(error('value out of range: underflow') AS DOUBLE) ELSE polystore_finite(x * y) END`,
  `CREATE MACRO polystore_quotient(x, y) AS CASE WHEN y = 0 THEN CAST(error('division by zero') AS DOUBLE)
    WHEN x / y = 0 AND x <> 0 THEN CAST(error('value out of range: underflow') AS DOUBLE) ELSE polystore_finite(x / y) END`,
];

/** Times and dates with intervals and days; undefined where neither side is one. */
function calculateTimes(operator: string, left: Expression, right: Expression): TypedExpression | undefined {
  const [a, b] = [typeOf(left)?.kind, typeOf(right)?.kind];
  const isTime = (kind: string | undefined): boolean =>
    kind === 'timestamp' || kind === 'date' || kind === 'interval';
  if (!isTime(a) && !isTime(b)) return undefined;
  if (operator === '+' && b !== undefined && isTime(b) && !isTime(a)) return calculateTimes('+', right, left);
  if (left.kind === 'typed' && (operator === '+' || operator === '-')) {
    if (a === 'timestamp' && (b === 'interval' || (b === undefined && operator === '+')))
      return typed(`(${left.sql} ${operator} ${coerced(right, interval).sql})`, timestamp);
    if (a === 'date' && b === 'integer' && right.kind === 'typed')
      return typed(`(${left.sql} ${operator} ${right.sql})`, date);
    if (a === 'date' && b === 'date' && operator === '-' && right.kind === 'typed')
      return typed(castTo(`(${left.sql} - ${right.sql})`, integer), integer);
  }
  throw new Unrecognised(`${operator} between ${a ?? 'a value'} and ${b ?? 'a value'}`);
}
