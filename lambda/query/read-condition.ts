import type { Value } from '../change/change.ts';
import type { CatalogColumn, Comparison } from '../model/index.ts';
import type { Condition } from '../stores/predicate.ts';
import type { ColumnLookup } from './column-lookup.ts';
import { coerceOperand, type Operand, operandOf, readOperand } from './operand.ts';
import { readDistance, readNumber } from './read-distance.ts';
import { usesSearch } from './search-words.ts';
import { asNode, listOf, type NodeBody, stringsOf } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

/** A comparison with its sides exchanged. */
export const flipped: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/**
 * Reads a `where` clause of comparisons between columns and constants or parameters, `in`, `between`
 * and null tests, under `and`, `or` and `not`.
 *
 * @throws Unrecognised with what else stood there.
 */
export function readCondition(node: unknown, column: ColumnLookup, params: readonly Value[]): Condition {
  if (asNode(node, 'FuncCall') !== undefined && usesSearch(node))
    throw new Unrecognised(
      'match() under or, not or with values: it is one of the conditions that all must hold',
    );
  const boolean = asNode(node, 'BoolExpr');
  if (boolean !== undefined) {
    const parts = listOf(boolean.args).map((part) => readCondition(part, column, params));
    const [first] = parts;
    if (boolean.boolop === 'NOT_EXPR' && first !== undefined) return { kind: 'not', of: first };
    return { kind: boolean.boolop === 'OR_EXPR' ? 'or' : 'and', of: parts };
  }
  const test = asNode(node, 'NullTest');
  if (test !== undefined) {
    const tested = column(test.arg);
    if (tested === undefined) throw new Unrecognised('a null test of an expression');
    const isNull: Condition = { kind: 'isNull', column: tested };
    return test.nulltesttype === 'IS_NOT_NULL' ? { kind: 'not', of: isNull } : isNull;
  }
  const expression = asNode(node, 'A_Expr');
  if (expression === undefined) throw new Unrecognised('a predicate that is no comparison of a column');
  const operator = stringsOf(expression.name)[0] ?? '';
  const operand = (one: unknown, of: CatalogColumn): Value => {
    const read = readOperand(one, params);
    if (read === undefined) throw new Unrecognised(`a comparison of ${of.name} with an expression`);
    const value = coerceOperand(of, read);
    if (value === undefined) throw misfit(of, read);
    return value;
  };
  const distance = distanceCondition(expression, column, params);
  if (distance !== undefined) return distance;
  const subject = column(expression.lexpr);
  switch (expression.kind) {
    case 'AEXPR_OP': {
      if (!isComparison(operator)) throw new Unrecognised(`the operator ${operator} in a predicate`);
      if (subject !== undefined)
        return { kind: 'compare', column: subject, operator, value: operand(expression.rexpr, subject) };
      const right = column(expression.rexpr);
      if (right === undefined) throw new Unrecognised('a comparison of expressions');
      return {
        kind: 'compare',
        column: right,
        operator: flipped[operator],
        value: operand(expression.lexpr, right),
      };
    }
    case 'AEXPR_IN': {
      if (subject === undefined) throw new Unrecognised('in after an expression');
      const values = listOf(asNode(expression.rexpr, 'List')?.items).map((item) => operand(item, subject));
      const isIn: Condition = { kind: 'in', column: subject, values };
      return operator === '<>' ? { kind: 'not', of: isIn } : isIn;
    }
    case 'AEXPR_OP_ANY': {
      const list = readOperand(expression.rexpr, params);
      if (
        subject === undefined ||
        operator !== '=' ||
        list?.kind !== 'structure' ||
        !Array.isArray(list.value)
      )
        throw new Unrecognised('any(…) of something else than a list parameter');
      const values = list.value.map((item: Value) => {
        const value = coerceOperand(subject, operandOf(item));
        if (value === undefined) throw misfit(subject, operandOf(item));
        return value;
      });
      return { kind: 'in', column: subject, values };
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const [low, high] = listOf(asNode(expression.rexpr, 'List')?.items);
      if (subject === undefined) throw new Unrecognised('between after an expression');
      const between: Condition = {
        kind: 'and',
        of: [
          { kind: 'compare', column: subject, operator: '>=', value: operand(low, subject) },
          { kind: 'compare', column: subject, operator: '<=', value: operand(high, subject) },
        ],
      };
      return expression.kind === 'AEXPR_BETWEEN' ? between : { kind: 'not', of: between };
    }
    default:
      throw new Unrecognised(`the predicate ${operator}`);
  }
}

/** A comparison of `earth_distance(…)` with metres, or one between two bounds; undefined for any other. */
function distanceCondition(
  { kind, name, lexpr, rexpr }: NodeBody,
  column: ColumnLookup,
  params: readonly Value[],
): Condition | undefined {
  const left = readDistance(lexpr, column, params);
  const right = readDistance(rexpr, column, params);
  const distance = left ?? right;
  if (distance === undefined) return undefined;
  const compared = (operator: Comparison, node: unknown): Condition => {
    const metres = readNumber(node, params);
    if (metres === undefined) throw new Unrecognised('a comparison of a distance with an expression');
    return { kind: 'distance', distance, operator, metres };
  };
  const operator = stringsOf(name)[0] ?? '';
  if (kind === 'AEXPR_OP' && isComparison(operator) && (left === undefined || right === undefined))
    return left === undefined ? compared(flipped[operator], lexpr) : compared(operator, rexpr);
  const [low, high] = listOf(asNode(rexpr, 'List')?.items);
  const isBetween = kind === 'AEXPR_BETWEEN' || kind === 'AEXPR_NOT_BETWEEN';
  if (!isBetween || low === undefined || high === undefined)
    throw new Unrecognised(`the predicate ${operator} of a distance`);
  const between: Condition = { kind: 'and', of: [compared('>=', low), compared('<=', high)] };
  return kind === 'AEXPR_BETWEEN' ? between : { kind: 'not', of: between };
}

export const isComparison = (operator: string): operator is Comparison => Object.hasOwn(flipped, operator);

function misfit(column: CatalogColumn, operand: Operand): Unrecognised {
  const type = column.type.kind === 'oneOf' ? 'a text' : `of type ${column.type.kind}`;
  const received =
    'text' in operand ? operand.text : JSON.stringify('value' in operand ? operand.value : null);
  return new Unrecognised(
    `the value ${received.slice(0, 80)} for ${column.name}, which is not plainly ${type}`,
    'invalid_value',
  );
}
