import { quoteText } from '../../stores/sql-quote.ts';
import { bodyOf, listOf, type NodeBody, stringsOf } from '../tree-node.ts';
import { Unrecognised } from '../unrecognised.ts';
import { asText } from './casts.ts';
import type { Compile, Context } from './compiler.ts';
import {
  type Average,
  averageOf,
  coerced,
  type Expression,
  settled,
  type TypedExpression,
  typed,
} from './expression.ts';
import { argumentOf, numberOf } from './functions.ts';
import { renderOrder } from './order.ts';
import { typeOfSum } from './relation.ts';
import { bigint, boolean, castTo, decimal, float, integer, isWhole, text } from './sql-type.ts';
import { callWeighted } from './weighted-aggregates.ts';

/** Aggregates that are combined. */
export const combinedAggregates: ReadonlySet<string> = new Set([
  ...['count', 'sum', 'avg', 'min', 'max', 'bool_and', 'bool_or', 'every', 'string_agg'],
]);
/** Functions of windows that are combined. */
export const combinedWindows: ReadonlySet<string> = new Set([
  ...['row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile'],
  ...['lag', 'lead', 'first_value', 'last_value', 'nth_value'],
]);

export const isAggregateCall = (name: string, { over, agg_star }: NodeBody): boolean =>
  combinedAggregates.has(name) || combinedWindows.has(name) || over !== undefined || agg_star === true;

/** Whether a select groups rows or adds them up, so that it tells equal rows only by how many they are. */
export const addsUp = ({ groupClause, havingClause, targetList, sortClause }: NodeBody): boolean =>
  groupClause !== undefined || havingClause !== undefined || [targetList, sortClause].some(callsAggregate);

/** Whether a select has a window function. */
export const callsWindow = ({ targetList, sortClause }: NodeBody): boolean =>
  [targetList, sortClause].some((list) => calls(list, ({ over }) => over !== undefined));

const callsAggregate = (node: unknown): boolean =>
  calls(
    node,
    ({ funcname, over }) => combinedAggregates.has(stringsOf(funcname).at(-1) ?? '') && over === undefined,
  );

/** Whether there is such a call. One in a sub-select is that one's own. */
function calls(node: unknown, isMeant: (call: NodeBody) => boolean): boolean {
  if (Array.isArray(node)) return node.some((element) => calls(element, isMeant));
  return Object.entries(bodyOf(node)).some(([type, value]) => {
    if (type === 'SubLink') return false;
    return (type === 'FuncCall' && isMeant(bodyOf(value))) || calls(value, isMeant);
  });
}

/** A call of an aggregate or of a window function. @throws Unrecognised */
export function callAggregate(
  name: string,
  body: NodeBody,
  context: Context,
  compile: Compile,
): TypedExpression {
  if (body.agg_within_group === true) throw new Unrecognised('within group');
  const over = body.over === undefined ? '' : ` OVER ${renderWindow(bodyOf(body.over), context, compile)}`;
  const filter =
    body.agg_filter === undefined
      ? ''
      : ` FILTER (WHERE ${coerced(compile(body.agg_filter, context), boolean).sql})`;
  const distinct = body.agg_distinct === true ? 'DISTINCT ' : '';
  if (over === '' && combinedAggregates.has(name) && context.grouped.length > 0) {
    const weighted = callWeighted(name, body, context, compile);
    if (weighted !== undefined) return weighted;
  }
  const args = listOf(body.args).map((arg) => compile(arg, context));
  const order =
    body.agg_order === undefined
      ? ''
      : ` ORDER BY ${renderOrder(listOf(body.agg_order), (node) => settled(compile(node, context)))}`;
  const call = (of: string, inner: string): string => `${of}(${distinct}${inner}${order})${filter}${over}`;
  const isWindow = over !== '';
  if (combinedWindows.has(name)) {
    if (!isWindow || distinct !== '' || filter !== '') throw new Unrecognised(`${name} without over`);
    return windowFunction(name, args, over);
  }
  if (isWindow && (distinct !== '' || order !== ''))
    throw new Unrecognised(`${name} of distinct or ordered values over a window`);
  return aggregate(name, args, body.agg_star === true, call, order !== '');
}

function aggregate(
  name: string,
  args: readonly Expression[],
  isStar: boolean,
  call: (name: string, inner: string) => string,
  isOrdered: boolean,
): TypedExpression {
  if (name === 'count') return typed(call('count', isStar ? '*' : argument(args).sql), bigint);
  switch (name) {
    case 'sum': {
      const { sql, type } = argument(args);
      if (!isWhole(type) && type.kind !== 'decimal')
        throw new Unrecognised(`sum of a ${type.kind}, which depends on the order of its rows`);
      const sum = typeOfSum(type);
      return typed(castTo(call('sum', sql), sum), sum);
    }
    case 'avg':
      return average(argument(args), call);
    case 'min':
    case 'max': {
      const { sql, type } = argument(args);
      if (['boolean', 'bytes', 'json', 'interval', 'average'].includes(type.kind))
        throw new Unrecognised(`${name} of a ${type.kind}`);
      return typed(call(name, sql), type);
    }
    case 'bool_and':
    case 'bool_or':
    case 'every':
      return typed(call(name === 'every' ? 'bool_and' : name, coerced(argument(args), boolean).sql), boolean);
    case 'string_agg': {
      const [subject, separator] = args;
      if (
        subject === undefined ||
        separator?.kind !== 'constant' ||
        separator.operand.kind !== 'text' ||
        !isOrdered
      )
        throw new Unrecognised('string_agg without a constant separator and an order');
      return typed(call('string_agg', `${asText(subject)}, ${quoteText(separator.operand.text)}`), text);
    }
    default:
      throw new Unrecognised(`the aggregate ${name}`);
  }
}

function argument(args: readonly Expression[]): TypedExpression {
  const [only, ...more] = args;
  if (only === undefined || more.length > 0) throw new Unrecognised('an aggregate of several values');
  return settled(only);
}

function average({ sql, type }: TypedExpression, call: (name: string, inner: string) => string): Average {
  if (!isWhole(type)) throw new Unrecognised(`avg of a ${type.kind}`);
  return averageOf(castTo(call('sum', sql), decimal(38, 0)), call('count', sql));
}

/** Functions of windows and the type that PostgreSQL gives them. */
function windowFunction(name: string, args: readonly Expression[], over: string): TypedExpression {
  const [subject] = args;
  switch (name) {
    case 'row_number':
    case 'rank':
    case 'dense_rank':
      return typed(castTo(`${name}()${over}`, bigint), bigint);
    case 'percent_rank':
    case 'cume_dist':
      return typed(`${name}()${over}`, float);
    case 'ntile':
      return typed(castTo(`ntile(${numberOf(argumentOf(args, 0))})${over}`, integer), integer);
    default: {
      if (subject?.kind !== 'typed') throw new Unrecognised(`${name} of a value without a type`);
      const rest = args.slice(1).map((arg) => String(numberOf(arg)));
      if (rest.length > 1) throw new Unrecognised(`${name} with a default`);
      return typed(`${name}(${[subject.sql, ...rest].join(', ')})${over}`, subject.type);
    }
  }
}

/** Bits of a window's frame (src/include/nodes/parsenodes.h). */
const frame = {
  rows: 0x4,
  groups: 0x8,
  startUnboundedPreceding: 0x20,
  endUnboundedFollowing: 0x100,
  startCurrentRow: 0x200,
  endCurrentRow: 0x400,
  startOffsetPreceding: 0x800,
  endOffsetPreceding: 0x1000,
  startOffsetFollowing: 0x2000,
  endOffsetFollowing: 0x4000,
  exclude: 0x38000,
} as const;

/** A window as DuckDB writes it; a named one is written out. */
export function renderWindow(body: NodeBody, context: Context, compile: Compile): string {
  if (typeof body.name === 'string') return windowNamed(body.name, context);
  if (typeof body.refname === 'string') throw new Unrecognised('a window made of a named one');
  const by = listOf(body.partitionClause).map((node) => settled(compile(node, context)).sql);
  const order = listOf(body.orderClause);
  const parts = [
    ...(by.length > 0 ? [`PARTITION BY ${by.join(', ')}`] : []),
    ...(order.length > 0
      ? [`ORDER BY ${renderOrder(order, (node) => settled(compile(node, context)))}`]
      : []),
    ...renderFrame(Number(body.frameOptions ?? 0), body, context, compile),
  ];
  return `(${parts.join(' ')})`;
}

function windowNamed(name: string, { windows: named }: Context): string {
  const found = named.get(name);
  if (found === undefined) throw new Unrecognised(`the window ${name}, which is none here`);
  return found;
}

function renderFrame(options: number, body: NodeBody, context: Context, compile: Compile): readonly string[] {
  const has = (bit: number): boolean => (options & bit) !== 0;
  if (has(frame.groups) || has(frame.exclude))
    throw new Unrecognised('a window of groups, or one with exclude');
  const offset = (node: unknown): number => numberOf(compile(node, context));
  const isRows = has(frame.rows);
  const start = has(frame.startUnboundedPreceding)
    ? 'UNBOUNDED PRECEDING'
    : has(frame.startCurrentRow)
      ? 'CURRENT ROW'
      : isRows && has(frame.startOffsetPreceding)
        ? `${offset(body.startOffset)} PRECEDING`
        : isRows && has(frame.startOffsetFollowing)
          ? `${offset(body.startOffset)} FOLLOWING`
          : undefined;
  const end = has(frame.endUnboundedFollowing)
    ? 'UNBOUNDED FOLLOWING'
    : has(frame.endCurrentRow)
      ? 'CURRENT ROW'
      : isRows && has(frame.endOffsetPreceding)
        ? `${offset(body.endOffset)} PRECEDING`
        : isRows && has(frame.endOffsetFollowing)
          ? `${offset(body.endOffset)} FOLLOWING`
          : undefined;
  if (start === undefined || end === undefined) throw new Unrecognised('a window of a range of values');
  return [`${isRows ? 'ROWS' : 'RANGE'} BETWEEN ${start} AND ${end}`];
}
