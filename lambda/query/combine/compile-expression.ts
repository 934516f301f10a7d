import type { TermUnit } from '../../model/index.ts';
import { readOperand } from '../operand.ts';
import { isComparison } from '../read-condition.ts';
import { asNode, bodyOf, listOf, type NodeBody, stringsOf, unwrap } from '../tree-node.ts';
import { Unrecognised } from '../unrecognised.ts';
import { callAggregate, isAggregateCall } from './aggregates.ts';
import { cast, namesDate } from './casts.ts';
import type { Context } from './compiler.ts';
import { coerced, type Expression, settled, type TypedExpression, typed, unified } from './expression.ts';
import { callFunction } from './functions.ts';
import { likePattern } from './like.ts';
import { alike, operate } from './operators.ts';
import { bucketOf } from './relation.ts';
import { resolveColumn } from './scope.ts';
import { boolean, isNumber, literal, text, timestamp, typeOfNumber } from './sql-type.ts';

/**
 * Compiles an expression of the checked tree for DuckDB.
 * @throws Unrecognised with what DuckDB would not answer as PostgreSQL does.
 */
export function compileExpression(node: unknown, context: Context): Expression {
  const [type, body] = unwrap(node);
  const compile = compilers[type];
  if (compile === undefined) throw new Unrecognised(`the syntax ${type}`);
  return compile(body, context, node);
}

/** A condition. */
export const compileCondition = (node: unknown, context: Context): string =>
  coerced(compileExpression(node, context), boolean).sql;

type Compile = (body: NodeBody, context: Context, node: unknown) => Expression;

const compilers: Readonly<Record<string, Compile>> = {
  A_Const: (_body, _context, node) => compileConstant(node),
  ParamRef: (_body, { compiler }, node) => {
    const operand = readOperand(node, compiler.params);
    if (operand === undefined || operand.kind === 'structure')
      throw new Unrecognised('a list or an object as a parameter');
    if (operand.kind === 'boolean')
      return { kind: 'constant', operand: { kind: 'text', text: String(operand.value), cast: undefined } };
    // A number arrives as its text, without a type.
    return { kind: 'constant', operand: operand.kind === 'number' ? { ...operand, kind: 'text' } : operand };
  },
  ColumnRef: (_body, { scope }, node) => resolveColumn(node, scope).refer(),
  TypeCast: ({ arg, typeName }, context) => {
    const day = namesDate(bodyOf(typeName)) ? bucketFor('date', arg, context) : undefined;
    return cast(day ?? compileExpression(arg, context), bodyOf(typeName));
  },
  A_Expr: compileOperator,
  BoolExpr: ({ boolop, args }, context) => {
    const parts = listOf(args).map((arg) => compileCondition(arg, context));
    if (boolop === 'NOT_EXPR') return typed(`(NOT ${parts[0]})`, boolean);
    return typed(`(${parts.join(boolop === 'OR_EXPR' ? ' OR ' : ' AND ')})`, boolean);
  },
  NullTest: ({ arg, nulltesttype }, context) => {
    const { sql } = settled(compileExpression(arg, context));
    return typed(`(${sql} IS ${nulltesttype === 'IS_NOT_NULL' ? 'NOT ' : ''}NULL)`, boolean);
  },
  BooleanTest: ({ arg, booltesttype }, context) => {
    const tested = compileCondition(arg, context);
    const [, negated, value] = /^IS_(NOT_)?(TRUE|FALSE|UNKNOWN)$/.exec(String(booltesttype)) ?? [];
    if (value === undefined) throw new Unrecognised(String(booltesttype));
    const right = value === 'UNKNOWN' ? 'CAST(NULL AS BOOLEAN)' : value;
    return typed(
      `(${tested} IS ${negated === undefined ? 'NOT DISTINCT' : 'DISTINCT'} FROM ${right})`,
      boolean,
    );
  },
  CaseExpr: compileCase,
  CoalesceExpr: ({ args }, context) => {
    const values = unified(listOf(args).map((arg) => compileExpression(arg, context)));
    return typed(`coalesce(${values.map(({ sql }) => sql).join(', ')})`, typeAmong(values));
  },
  MinMaxExpr: ({ op, args }, context) => {
    const values = unified(listOf(args).map((arg) => compileExpression(arg, context)));
    const name = op === 'IS_LEAST' ? 'least' : 'greatest';
    if (typeAmong(values).kind === 'json') throw new Unrecognised(`${name} of JSON`);
    return typed(`${name}(${values.map(({ sql }) => sql).join(', ')})`, typeAmong(values));
  },
  FuncCall: compileCall,
  SubLink: compileSubLink,
  SQLValueFunction: ({ op }, { compiler }) => {
    if (op !== 'SVFOP_CURRENT_TIMESTAMP') throw new Unrecognised('the current time without its zone');
    return typed(literal(compiler.now(), timestamp), timestamp);
  },
  CollateClause: ({ arg }, context) => compileExpression(arg, context),
};

const typeAmong = (values: readonly TypedExpression[]) => values[0]?.type ?? text;

function compileConstant(node: unknown): Expression {
  const operand = readOperand(node, []);
  if (operand === undefined) throw new Unrecognised('a constant of another kind');
  switch (operand.kind) {
    case 'number': {
      const type = typeOfNumber(operand.text);
      return typed(literal(operand.text, type), type);
    }
    case 'boolean':
      return typed(literal(operand.value, boolean), boolean);
    default:
      return { kind: 'constant', operand };
  }
}

function compileOperator({ kind, name, lexpr, rexpr }: NodeBody, context: Context): Expression {
  const operator = stringsOf(name)[0] ?? '';
  const compiled = (node: unknown): Expression => compileExpression(node, context);
  switch (kind) {
    case 'AEXPR_OP':
      if (lexpr === undefined) return negate(operator, compiled(rexpr));
      return operate(operator, compiled(lexpr), compiled(rexpr));
    case 'AEXPR_IN': {
      const items = listOf(asNode(rexpr, 'List')?.items);
      // As PostgreSQL reads it: equal to the first, or to the second, …
      const subject = compiled(lexpr);
      const parts = items.map((item) => operate('=', subject, compiled(item)).sql);
      return typed(`(${operator === '<>' ? 'NOT ' : ''}(${parts.join(' OR ')}))`, boolean);
    }
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return compileList(operator, kind === 'AEXPR_OP_ANY', compiled(lexpr), rexpr, context);
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const [low, high] = listOf(asNode(rexpr, 'List')?.items).map(compiled);
      if (low === undefined || high === undefined) throw new Unrecognised('between without its bounds');
      const subject = compiled(lexpr);
      const both = `(${operate('>=', subject, low).sql} AND ${operate('<=', subject, high).sql})`;
      return typed(kind === 'AEXPR_BETWEEN' ? both : `(NOT ${both})`, boolean);
    }
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT': {
      const [a, b] = alike(compiled(lexpr), compiled(rexpr));
      return typed(`(${a.sql} IS ${kind === 'AEXPR_DISTINCT' ? '' : 'NOT '}DISTINCT FROM ${b.sql})`, boolean);
    }
    case 'AEXPR_NULLIF': {
      const left = settled(compiled(lexpr));
      const equal = operate('=', left, compiled(rexpr)).sql;
      return typed(`(CASE WHEN ${equal} THEN NULL ELSE ${left.sql} END)`, left.type);
    }
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return compileLike(operator, settled(compiled(lexpr)), rexpr, context);
    default:
      throw new Unrecognised(`the predicate ${operator}`);
  }
}

function negate(operator: string, operand: Expression): TypedExpression {
  const { sql, type } = settled(operand);
  if (!isNumber(type)) throw new Unrecognised(`${operator} before a ${type.kind}`);
  return operator === '-' ? typed(`(-${sql})`, type) : typed(sql, type);
}

/** `= any($1)` of a list parameter: as `in` of its values. */
function compileList(
  operator: string,
  isAny: boolean,
  subject: Expression,
  list: unknown,
  { compiler }: Context,
): TypedExpression {
  const operand = readOperand(list, compiler.params);
  if (operand?.kind !== 'structure' || !Array.isArray(operand.value) || !isComparison(operator))
    throw new Unrecognised('any(…) or all(…) of something else than a list parameter');
  const left = settled(subject);
  const parts = operand.value.map((value: unknown) => {
    if (typeof value === 'object' && value !== null) throw new Unrecognised('a list of lists or objects');
    const item =
      value === null
        ? ({ kind: 'null' } as const)
        : ({ kind: 'text', text: String(value), cast: undefined } as const);
    return operate(operator, left, { kind: 'constant', operand: item }).sql;
  });
  if (parts.length === 0) return typed(isAny ? 'FALSE' : 'TRUE', boolean);
  return typed(`(${parts.join(isAny ? ' OR ' : ' AND ')})`, boolean);
}

function compileLike(
  operator: string,
  subject: TypedExpression,
  pattern: unknown,
  { compiler }: Context,
): TypedExpression {
  if (subject.type.kind !== 'text') throw new Unrecognised(`like of a ${subject.type.kind}`);
  const escaped = asNode(pattern, 'FuncCall');
  const [inner, escapedBy] = escaped === undefined ? [pattern, undefined] : listOf(escaped.args);
  const [words, escapeWith] = [readOperand(inner, compiler.params), readOperand(escapedBy, compiler.params)];
  if (words?.kind === 'null') return typed('CAST(NULL AS BOOLEAN)', boolean);
  if (words?.kind !== 'text' || (escapedBy !== undefined && escapeWith?.kind !== 'text'))
    throw new Unrecognised('like with a pattern that is no text or parameter');
  const sql = likePattern(words.text, escapeWith?.kind === 'text' ? escapeWith.text : '\\');
  const isInsensitive = operator.endsWith('*');
  const [left, right] = isInsensitive ? [`lower(${subject.sql})`, `lower(${sql})`] : [subject.sql, sql];
  return typed(`(${left} ${operator.startsWith('!') ? 'NOT ' : ''}LIKE ${right} ESCAPE '\\')`, boolean);
}

function compileCase({ arg, args, defresult }: NodeBody, context: Context): TypedExpression {
  const subject = arg === undefined ? undefined : settled(compileExpression(arg, context));
  const branches = listOf(args).map((branch) => bodyOf(asNode(branch, 'CaseWhen')));
  const tests = branches.map(({ expr }) =>
    subject === undefined
      ? compileCondition(expr, context)
      : operate('=', subject, compileExpression(expr, context)).sql,
  );
  const otherwise: Expression =
    defresult === undefined
      ? { kind: 'constant', operand: { kind: 'null' } }
      : compileExpression(defresult, context);
  const values = unified([...branches.map(({ result }) => compileExpression(result, context)), otherwise]);
  const whens = tests.map((test, index) => `WHEN ${test} THEN ${values[index]?.sql}`);
  return typed(`(CASE ${whens.join(' ')} ELSE ${values.at(-1)?.sql} END)`, typeAmong(values));
}

function compileCall(body: NodeBody, context: Context): Expression {
  const name = stringsOf(body.funcname).at(-1) ?? '';
  if (isAggregateCall(name, body)) {
    context.compiler.aggregates.push(name);
    return callAggregate(name, body, context, compileExpression);
  }
  const nodes = listOf(body.args);
  const isOfTime = name === 'date_trunc' || name === 'extract';
  const bucket = isOfTime ? bucketFor(constantWord(nodes[0]), nodes[1], context) : undefined;
  const args = nodes.map((arg, index) =>
    index === 1 && bucket !== undefined ? bucket : compileExpression(arg, context),
  );
  return callFunction(name, args, context.compiler.now);
}

const constantWord = (node: unknown): string =>
  String(bodyOf(asNode(node, 'A_Const')?.sval).sval ?? '').toLowerCase();

/** What a unit, or a field, of a time is a function of. */
const buckets: Readonly<Record<string, TermUnit>> = {
  hour: 'hour',
  ...{ date: 'day', day: 'day', dow: 'day', isodow: 'day', doy: 'day', week: 'day', isoyear: 'day' },
  ...{ month: 'month', quarter: 'month', year: 'month' },
};

/** The bucket that stands for a time of which only this much matters, where rows are grouped; undefined elsewhere. */
function bucketFor(word: string, node: unknown, { scope }: Context): TypedExpression | undefined {
  const unit = Object.hasOwn(buckets, word) ? buckets[word] : undefined;
  if (unit === undefined || asNode(node, 'ColumnRef') === undefined) return undefined;
  const { of } = resolveColumn(node, scope);
  const grouping = of?.relation.grouping;
  if (of === undefined || grouping === undefined || of.column.type.kind !== 'timestamp') return undefined;
  return bucketOf(of.relation, grouping, of.column, unit);
}

function compileSubLink(
  { subLinkType, testexpr, operName, subselect }: NodeBody,
  context: Context,
): TypedExpression {
  const { compiler, scope, queries } = context;
  const isTested = subLinkType !== 'EXPR_SUBLINK';
  const { sql, columns, shape } = compiler.select(subselect, scope, queries, isTested);
  compiler.hidden.add(shape);
  if (subLinkType === 'EXISTS_SUBLINK') return typed(`EXISTS (${sql})`, boolean);
  const [column, ...more] = columns;
  if (column === undefined || more.length > 0)
    throw new Unrecognised('a sub-select of several columns in an expression');
  const alias = compiler.fresh('v');
  const only = typed(`${alias}.c0`, column.type);
  switch (subLinkType) {
    case 'EXPR_SUBLINK':
      return { ...typed(`(${sql})`, column.type), isColumn: false };
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK': {
      const operator = operName === undefined ? '=' : (stringsOf(operName)[0] ?? '');
      if (!isComparison(operator) || asNode(testexpr, 'RowExpr') !== undefined)
        throw new Unrecognised(`${operator} of rows`);
      const [left, right] = alike(compileExpression(testexpr, context), only);
      const word = subLinkType === 'ANY_SUBLINK' ? 'ANY' : 'ALL';
      return typed(
        `(${left.sql} ${operator} ${word} (SELECT ${right.sql} FROM (${sql}) AS ${alias}))`,
        boolean,
      );
    }
    default:
      throw new Unrecognised('a sub-select as an array');
  }
}
