import type { Value } from '../change/change.ts';
import type { CatalogColumn } from '../model/index.ts';
import {
  type Expression,
  evaluate,
  isNumericKind,
  type NumericKind,
  numericTypeOf,
  type Operator,
} from '../stores/expression.ts';
import type { ColumnLookup } from './column-lookup.ts';
import { coerceOperand, type Operand, readOperand } from './operand.ts';
import { asNode, stringsOf } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

/** An operand whose type is that of what it meets: a parameter or a quoted text. */
interface Untyped {
  readonly untyped: Operand;
}

/**
 * Reads + − * over whole numbers and decimals: columns, constants and parameters, typed as PostgreSQL types them.
 *
 * @throws Unrecognised with what else stood there; PolystoreError `invalid_value` for constants that overflow.
 */
export function readExpression(node: unknown, column: ColumnLookup, params: readonly Value[]): Expression {
  const read = readTerm(node, column, params);
  if ('untyped' in read) throw new Unrecognised('a value of no known type');
  return read;
}

function readTerm(node: unknown, column: ColumnLookup, params: readonly Value[]): Expression | Untyped {
  const named = column(node);
  if (named !== undefined) {
    if (isNumericKind(named.type.kind)) return { kind: 'column', column: named };
    throw new Unrecognised(`arithmetic with ${named.name} of type ${named.type.kind}`);
  }
  const operand = readOperand(node, params);
  if (operand !== undefined) return typed(operand, asNode(node, 'A_Const') !== undefined);
  const expression = asNode(node, 'A_Expr');
  const operator = stringsOf(expression?.name)[0] ?? '';
  if (expression === undefined || expression.kind !== 'AEXPR_OP' || !isOperator(operator))
    throw new Unrecognised('an expression other than + - * of numbers');
  const right = readTerm(expression.rexpr, column, params);
  if (expression.lexpr === undefined) {
    if ('untyped' in right) throw new Unrecognised(`the sign ${operator} of a value of no known type`);
    if (operator === '+') return right;
    return folded({ kind: 'negate', of: right });
  }
  const left = readTerm(expression.lexpr, column, params);
  return folded({ kind: 'arithmetic', operator, left: meet(left, right), right: meet(right, left) });
}

const isOperator = (operator: string): operator is Operator => ['+', '-', '*'].includes(operator);

/** PostgreSQL works constants out when it plans: they overflow even where no row is met. */
function folded(expression: Expression): Expression {
  if (isConstant(expression)) evaluate(expression, {});
  return expression;
}

function isConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
      return true;
    case 'column':
      return false;
    case 'negate':
      return isConstant(expression.of);
    case 'arithmetic':
      return isConstant(expression.left) && isConstant(expression.right);
  }
}

const casts: Readonly<Record<string, NumericKind>> = { int4: 'integer', int8: 'bigint', numeric: 'decimal' };

/** A number that is written has the type that PostgreSQL gives it, a cast the one that it names. */
function typed(operand: Operand, isWritten: boolean): Expression | Untyped {
  if (operand.kind === 'null') return { untyped: operand };
  if (operand.kind !== 'number' && operand.kind !== 'text')
    throw new Unrecognised(`arithmetic with ${JSON.stringify(operand.value)}`);
  const { cast, text, kind } = operand;
  if (cast === undefined)
    return isWritten && kind === 'number' ? constant(literalKind(text), operand) : { untyped: operand };
  const type = casts[cast];
  if (type === undefined) throw new Unrecognised(`a cast to ${cast} in arithmetic`);
  return constant(type, { ...operand, cast: undefined });
}

function literalKind(text: string): NumericKind {
  if (!/^[+-]?\d+$/.test(text)) return 'decimal';
  const digits = BigInt(text);
  // A minus before a constant is part of it, as for the parser.
  const fits = (bits: bigint): boolean => digits >= -(2n ** (bits - 1n)) && digits < 2n ** (bits - 1n);
  return fits(32n) ? 'integer' : fits(64n) ? 'bigint' : 'decimal';
}

function meet(side: Expression | Untyped, other: Expression | Untyped): Expression {
  if (!('untyped' in side)) return side;
  if ('untyped' in other) throw new Unrecognised('arithmetic between two values of no known type; cast one');
  return constant(numericTypeOf(other), side.untyped);
}

function constant(type: NumericKind, operand: Operand): Expression {
  if (operand.kind === 'null') return { kind: 'constant', type, value: null };
  const column = {
    ...anyColumn,
    type: type === 'decimal' ? { kind: type, precision: 200, scale: 100 } : { kind: type },
  };
  const value = coerceOperand(column, operand);
  if (value !== undefined && value !== null) return { kind: 'constant', type, value: String(value) };
  const received =
    'text' in operand ? operand.text : JSON.stringify('value' in operand ? operand.value : null);
  throw new Unrecognised(
    `the value ${received.slice(0, 80)}, which is not plainly of type ${type}`,
    'invalid_value',
  );
}

/** What an operand is read for. */
const anyColumn: Omit<CatalogColumn, 'type'> = {
  ...{ name: 'expression', field: 'expression', optional: true, immutable: false },
};
