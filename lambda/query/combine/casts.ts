import { asNode, bodyOf, listOf, type NodeBody, stringsOf } from '../tree-node.ts';
import { Unrecognised } from '../unrecognised.ts';
import { coerced, type Expression, settled, type TypedExpression, typed } from './expression.ts';
import {
  bigint,
  boolean,
  castTo,
  constantOf,
  type DecimalType,
  date,
  decimal,
  float,
  integer,
  interval,
  isWhole,
  type SqlType,
  text,
  timestamp,
} from './sql-type.ts';

const namedTypes: Readonly<Record<string, SqlType>> = {
  int4: integer,
  int8: bigint,
  float8: float,
  text,
  varchar: text,
  bool: boolean,
  timestamptz: timestamp,
  date,
  interval,
};

/** The type that a `TypeName` names; `numeric` without digits is told apart, for its digits are the value's own. */
function namedType(node: NodeBody): SqlType | 'numeric' {
  const name = stringsOf(node.names).at(-1) ?? '';
  if (node.arrayBounds !== undefined) throw new Unrecognised('an array');
  const digits = listOf(node.typmods).map((one) => Number(bodyOf(asNode(one, 'A_Const')?.ival).ival ?? 0));
  if (name === 'numeric') {
    const [precision, scale = 0] = digits;
    return precision === undefined ? 'numeric' : decimal(precision, scale);
  }
  const type = namedTypes[name];
  if (type === undefined || digits.length > 0) throw new Unrecognised(`a cast to ${name}`);
  return type;
}

/** Whether a `TypeName` is that of days. */
export const namesDate = (node: NodeBody): boolean => stringsOf(node.names).at(-1) === 'date';

/** `cast(expression as type)` as PostgreSQL does it. @throws Unrecognised */
export function cast(expression: Expression, typeName: NodeBody): TypedExpression {
  const named = namedType(typeName);
  if (expression.kind === 'constant') return castConstant(expression, named);
  const { sql, type } = expression;
  const to = named === 'numeric' ? wholeDecimal(type) : named;
  if (to.kind === type.kind && to.kind !== 'decimal') return expression;
  const refused = (): Unrecognised => new Unrecognised(`a cast from ${type.kind} to ${to.kind}`);
  switch (to.kind) {
    case 'text':
      if (isWhole(type) || type.kind === 'boolean' || type.kind === 'date')
        return typed(castTo(sql, text), text);
      throw refused();
    case 'integer':
    case 'bigint':
      if (type.kind === 'text') return typed(wholeOf(sql, to), to);
      // Half away from zero of decimals, half to even of floats: as PostgreSQL.
      if (isWhole(type) || type.kind === 'decimal' || type.kind === 'float')
        return typed(castTo(sql, to), to);
      if (type.kind === 'boolean' && to.kind === 'integer') return typed(castTo(sql, to), to);
      throw refused();
    case 'decimal':
      if (isWhole(type) || type.kind === 'decimal') return typed(castTo(sql, to), to);
      throw refused();
    case 'date':
      if (type.kind === 'timestamp') return typed(castTo(sql, date), date);
      throw refused();
    default:
      return coerced(expression, to);
  }
}

function castConstant(
  expression: Extract<Expression, { kind: 'constant' }>,
  named: SqlType | 'numeric',
): TypedExpression {
  if (named === 'numeric')
    throw new Unrecognised('a cast of a value to numeric without digits: write numeric(p, s)');
  const { sql, type } = constantOf(expression.operand, named);
  return named.kind === 'decimal' ? typed(castTo(sql, named), named) : typed(sql, type);
}

/** `numeric` without digits keeps those of the value: of whole numbers none after the point. */
function wholeDecimal(type: SqlType): DecimalType {
  if (type.kind === 'decimal') return type;
  if (isWhole(type)) return decimal(type.kind === 'integer' ? 10 : 19, 0);
  throw new Unrecognised(`a cast from ${type.kind} to numeric`);
}

/** What PostgreSQL passes over around a number. */
const blanks = ' \t\n\r\f\v';

/** A text as a whole number: PostgreSQL takes blanks around it, and neither a point nor an exponent. */
const wholeOf = (sql: string, type: SqlType): string =>
  `(CASE WHEN ${sql} IS NULL OR regexp_full_match(${sql}, '[${blanks}]*[+-]?[0-9]+[${blanks}]*')` +
  ` THEN ${castTo(`trim(${sql}, '${blanks}')`, type)}` +
  ` ELSE ${castTo("error('invalid input syntax for a whole number')", type)} END)`;

/** As text, of what is one already. */
export function asText(expression: Expression): string {
  const { sql, type } = settled(expression);
  if (type.kind !== 'text') throw new Unrecognised(`a ${type.kind} where a text stands`);
  return sql;
}
