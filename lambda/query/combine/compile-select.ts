import type { Value } from '../../change/change.ts';
import { isOpaque } from '../../model/index.ts';
import type { FilterOrder } from '../../stores/store.ts';
import { limits } from '../limits.ts';
import { readOperand } from '../operand.ts';
import { isRank, readHighlight } from '../read-match.ts';
import { bareName, placeOf, readDirection } from '../select-clauses.ts';
import { asNode, bodyOf, listOf, type NodeBody, stringOf, stringsOf, unwrap } from '../tree-node.ts';
import { Unrecognised, unlessUnrecognised } from '../unrecognised.ts';
import { addsUp, callsWindow, renderWindow } from './aggregates.ts';
import { compileCondition, compileExpression } from './compile-expression.ts';
import { compileConjuncts, compileFrom, type From, type FromContext, renamed } from './compile-from.ts';
import type { CompiledSelect, Context, NamedQuery, OutputColumn } from './compiler.ts';
import { type Average, isAverage, settled, type TypedExpression, typed, unified } from './expression.ts';
import { isFixed } from './fixed-columns.ts';
import { mayFold } from './may-fold.ts';
import { renderOrder } from './order.ts';
import { outputName } from './output-name.ts';
import type { Relation } from './relation.ts';
import { expandStar, resolveColumn, type Scope } from './scope.ts';
import { rowsOf, type SelectShape } from './shape.ts';
import { float, outputType, text } from './sql-type.ts';

/** Compiles a select, whatever it is made of. @throws Unrecognised */
export function compileSelect(node: unknown, context: FromContext): CompiledSelect {
  const select = asNode(node, 'SelectStmt');
  if (select === undefined) throw new Unrecognised('a statement that writes');
  const { prefix, queries } = compileWith(bodyOf(select.withClause), context);
  const inner: FromContext = { ...context, queries };
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') throw new Unrecognised('a limit with ties');
  const limit = `${count('LIMIT', select.limitCount, context)}${count('OFFSET', select.limitOffset, context)}`;
  const compiled =
    select.op !== undefined && select.op !== 'SETOP_NONE'
      ? compileUnion(select, { ...inner, isTested: false })
      : select.valuesLists !== undefined
        ? compileValues(listOf(select.valuesLists), inner)
        : compilePlain(select, inner);
  const bounds = { isLimited: limit.includes('LIMIT'), hasOffset: / OFFSET 0*[1-9]/.test(limit) };
  return {
    sql: `${prefix}${compiled.sql}${limit}`,
    columns: compiled.columns,
    shape: { ...compiled.shape, ...bounds },
  };
}

function compileWith(
  clause: NodeBody,
  context: FromContext,
): { readonly prefix: string; readonly queries: FromContext['queries'] } {
  const queries = new Map<string, NamedQuery>(context.queries);
  const parts = listOf(clause.ctes).map((node) => {
    const cte = bodyOf(asNode(node, 'CommonTableExpr'));
    const { sql, columns, shape } = context.compiler.select(cte.ctequery, context.outer, new Map(queries));
    const table = context.compiler.fresh('q');
    queries.set(String(cte.ctename), {
      ...{ table, shape },
      columns: renamed(columns, stringsOf(cte.aliascolnames)),
    });
    return `${table} AS MATERIALIZED (${sql})`;
  });
  return { prefix: parts.length === 0 ? '' : `WITH ${parts.join(', ')} `, queries };
}

function count(word: string, node: unknown, { compiler }: FromContext): string {
  const number = wholeNumber(node, compiler.params);
  return number === undefined ? '' : ` ${word} ${number}`;
}

/** A limit or an offset; undefined for null, which is none. */
function wholeNumber(node: unknown, params: readonly Value[]): number | undefined {
  if (node === undefined) return undefined;
  const operand = readOperand(node, params);
  if (operand?.kind === 'null') return undefined;
  const written = operand?.kind === 'number' || operand?.kind === 'text' ? operand.text : '';
  if (!/^\d{1,15}$/.test(written))
    throw new Unrecognised('its limit or offset is no whole number', 'invalid_value');
  return Number(written);
}

const setOperations = {
  SETOP_UNION: 'union',
  SETOP_INTERSECT: 'intersect',
  SETOP_EXCEPT: 'except',
} as const;

/** Its limit is said around it. */
const unbounded = { order: '', isLimited: false, hasOffset: false } as const;

function compileUnion(select: NodeBody, context: FromContext): CompiledSelect {
  const sides = [select.larg, select.rarg].map((side) => compileSelect({ SelectStmt: side }, context));
  const [left, right] = sides;
  if (left === undefined || right === undefined || left.columns.length !== right.columns.length)
    throw new Unrecognised('a union of different numbers of columns');
  // The parser knows no other.
  const operation = setOperations[String(select.op) as keyof typeof setOperations];
  const pairs = left.columns.map((column, index) =>
    unified([typed(`c${index}`, column.type), typed(`c${index}`, right.columns[index]?.type ?? column.type)]),
  );
  const rendered = sides.map(({ sql }, side) => {
    const columns = pairs.map((pair, index) => `${pair[side]?.sql} AS c${index}`);
    return `SELECT ${columns.join(', ')} FROM (${sql})`;
  });
  const word = `${operation.toUpperCase()}${select.all === true ? ' ALL' : ''}`;
  const columns = left.columns.map(
    ({ name }, index): OutputColumn => ({
      name,
      type: outputType(pairs[index]?.[0]?.type ?? text),
      isColumn: false,
    }),
  );
  const combined = `(${rendered[0]}) ${word} (${rendered[1]})`;
  const order = listOf(select.sortClause);
  const shape: SelectShape = {
    kind: 'set',
    operation,
    isAll: select.all === true,
    left: left.shape,
    right: right.shape,
    ...unbounded,
  };
  if (order.length === 0) return { sql: combined, columns, shape };
  const rendering = renderOrder(order, (term) => {
    const index = outputIndex(term, columns);
    if (index === undefined) throw new Unrecognised('a union ordered by other than its columns');
    return typed(`c${index}`, columns[index]?.type ?? text);
  });
  return {
    sql: `SELECT * FROM (${combined}) ORDER BY ${rendering}`,
    columns,
    shape: { ...shape, order: rendering },
  };
}

/** The output that a term of `order by` or `group by` names, by its place or its name. */
function outputIndex(node: unknown, columns: readonly { readonly name: string }[]): number | undefined {
  const place = placeOf(node);
  if (place !== undefined) return columns[place - 1] === undefined ? undefined : place - 1;
  const name = bareName(node);
  const index = name === undefined ? -1 : columns.findIndex((column) => column.name === name);
  return index < 0 ? undefined : index;
}

function compileValues(lists: readonly unknown[], context: FromContext): CompiledSelect {
  const scope: Scope = { sources: [], merged: [], outer: context.outer };
  const rows = lists.map((list) =>
    listOf(asNode(list, 'List')?.items).map((item) =>
      compileExpression(item, { ...context, scope, grouped: [], windows: new Map() }),
    ),
  );
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, (_, index) =>
    unified(rows.map((row) => row[index] ?? { kind: 'constant', operand: { kind: 'null' } })),
  );
  const rendered = rows.map((_, row) => `(${columns.map((column) => column[row]?.sql).join(', ')})`);
  const names = columns.map((_, index) => `c${index}`);
  return {
    sql: `SELECT * FROM (VALUES ${rendered.join(', ')}) AS ${context.compiler.fresh('v')}(${names.join(', ')})`,
    columns: columns.map((column, index) => ({
      name: `column${index + 1}`,
      type: outputType(column[0]?.type ?? text),
      isColumn: false,
    })),
    shape: { kind: 'values', ...unbounded },
  };
}

/** What is selected. */
interface Target extends OutputColumn {
  /** Passages of matched words are the search engine's, and in no order. */
  readonly isPassage?: boolean;
  readonly expression: TypedExpression | Average;
  /** What is written there. @default - it is of a star */
  readonly node?: unknown;
}

function compilePlain(select: NodeBody, context: FromContext): CompiledSelect {
  const from: From =
    select.fromClause === undefined
      ? { sql: '', sources: [], merged: [], relations: [], shape: { kind: 'nothing' } }
      : compileFrom(listOf(select.fromClause), {
          ...context,
          addsUp: addsUp(select) || isOfAny(select, context),
        });
  const scope: Scope = { sources: from.sources, merged: from.merged, outer: context.outer };
  const grouped = from.relations.filter(({ grouping }) => grouping !== undefined);
  const plain: Context = { ...context, scope, grouped, windows: new Map() };
  const required: SelectShape[] = [];
  const conditions =
    select.whereClause === undefined
      ? 'TRUE'
      : compileConjuncts(select.whereClause, from.relations, plain, required);
  const where = conditions === 'TRUE' ? '' : ` WHERE ${conditions}`;
  const aggregatesBefore = context.compiler.aggregates.length;
  const windows = new Map<string, string>();
  const inner: Context = { ...plain, windows };
  for (const node of listOf(select.windowClause)) {
    const body = bodyOf(asNode(node, 'WindowDef'));
    // Written out where it is used: without its name it is the window itself.
    const { name, ...definition } = body;
    windows.set(String(name), renderWindow(definition, inner, compileExpression));
  }
  const targets = listOf(select.targetList).flatMap((target) =>
    compileTarget(bodyOf(asNode(target, 'ResTarget')), inner, from.relations),
  );
  const isOrdered = listOf(select.sortClause).length > 0 || callsWindow(select);
  const groups = compileGroups(listOf(select.groupClause), targets, inner, isOrdered);
  const having =
    select.havingClause === undefined ? '' : ` HAVING ${compileCondition(select.havingClause, inner)}`;
  const distinct = compileDistinct(listOf(select.distinctClause), targets, inner);
  const order = listOf(select.sortClause);
  const terms =
    order.length === 0 ? '' : renderOrder(order, (node) => orderTerm(node, targets, inner, from.relations));
  const ordered = terms === '' ? '' : ` ORDER BY ${terms}`;
  if (conditions === 'TRUE' && !addsUp(select)) readTop(select, { from, targets, context: inner });
  const outputs = targets.flatMap(({ expression }, index) =>
    isAverage(expression)
      ? [`${expression.average.sum} AS c${index}`, `${expression.average.count} AS n${index}`]
      : [`${expression.sql} AS c${index}`],
  );
  const clause = from.sql === '' ? '' : ` FROM ${from.sql}`;
  return {
    sql: `SELECT ${distinct}${outputs.join(', ')}${clause}${where}${groups}${having}${ordered}`,
    columns: targets.map(({ name, type, isColumn, among }) => ({
      name,
      type,
      isColumn,
      ...(among !== undefined && { among }),
    })),
    shape: {
      ...{ kind: 'plain', from: from.shape, where, required, ...unbounded, order: terms },
      outputs: targets.map(({ expression }) => expression.sql),
      isOfMany: groups !== '' || having !== '' || context.compiler.aggregates.length > aggregatesBefore,
      grouping: `${groups}${having}`,
      isDistinctOn: distinct.startsWith('DISTINCT ON'),
    },
  };
}

/** Whether rows of a select that are alike may as well be one: nothing in it or around it counts them. */
const isOfAny = (select: NodeBody, { isTested = false }: FromContext): boolean =>
  isTested &&
  select.limitCount === undefined &&
  select.limitOffset === undefined &&
  select.distinctClause === undefined &&
  !callsWindow(select);

/**
 * Where each row that is read is one of the answer, and only the first of them are asked for in an order of their own
 * columns, only those are read. Of rows that tie in it any may be the first.
 */
function readTop(
  select: NodeBody,
  {
    from,
    targets,
    context,
  }: { readonly from: From; readonly targets: readonly Target[]; readonly context: Context },
): void {
  const [limit, offset] = [select.limitCount, select.limitOffset].map((node) =>
    wholeNumber(node, context.compiler.params),
  );
  const read = rowsOf(from.shape);
  if (read === undefined || limit === undefined || select.distinctClause !== undefined) return;
  if (callsWindow(select) || limit + (offset ?? 0) > limits.sliceRows) return;
  const order = listOf(select.sortClause).map((term): FilterOrder | undefined => {
    const body = bodyOf(asNode(term, 'SortBy'));
    const index = outputIndex(body.node, targets);
    const column =
      index === undefined
        ? unlessUnrecognised(() => resolveColumn(body.node, context.scope).of)
        : targets[index]?.among;
    if (column?.relation !== read || isOpaque(column.column.type)) return undefined;
    return { column: column.column, ...readDirection(body) };
  });
  const known = order.filter((term) => term !== undefined);
  if (known.length < order.length) return;
  read.top = { order: known, limit: limit + (offset ?? 0) };
}

function compileTarget(
  { name, val }: NodeBody,
  context: Context,
  relations: readonly Relation[],
): readonly Target[] {
  const fields = listOf(asNode(val, 'ColumnRef')?.fields);
  if (fields.length > 0 && unwrap(fields.at(-1))[0] === 'A_Star') {
    const qualifier = fields.length > 1 ? stringOf(fields[0]) : undefined;
    return expandStar(qualifier, context.scope).map((column) => {
      const expression = column.refer();
      return {
        name: column.name,
        expression,
        type: outputType(expression.type),
        isColumn: expression.isColumn,
        ...(column.among !== undefined && { among: column.among }),
      };
    });
  }
  const found = readFound(val, relations);
  const expression = found ?? settled(compileExpression(val, context));
  const among = fields.length > 0 ? resolveColumn(val, context.scope).among : undefined;
  return [
    {
      name: typeof name === 'string' ? name : outputName(val),
      isPassage: found?.type.kind === 'text',
      node: val,
      expression,
      type: outputType(expression.type),
      isColumn: expression.isColumn,
      ...(among !== undefined && { among }),
    },
  ];
}

/** `match_rank()` and `match_highlight(column)` of the one entity whose words were matched. */
function readFound(node: unknown, relations: readonly Relation[]): TypedExpression | undefined {
  const searched = relations.filter(({ matches }) => matches.length > 0);
  const lookup = (reference: unknown) => {
    const name = stringOf(listOf(asNode(reference, 'ColumnRef')?.fields).at(-1));
    return searched[0]?.entity.columns.find((column) => column.name === name);
  };
  const isRanked = isRank(node);
  const highlighted = isRanked ? undefined : readHighlight(node, lookup);
  if (!isRanked && highlighted === undefined) return undefined;
  const [relation, ...more] = searched;
  if (relation === undefined || more.length > 0)
    throw new Unrecognised(
      'match_rank() and match_highlight(column) belong to one match(column, …) in where',
    );
  const name = highlighted === undefined ? '#rank' : `#${highlighted.name}`;
  relation.used.set(
    name,
    highlighted === undefined ? { kind: 'rank', name } : { kind: 'highlight', name, column: highlighted },
  );
  return typed(`"${name}"`, highlighted === undefined ? float : text);
}

/** By PostgreSQL's rule for `group by`: a column of what is read before the name of an output. */
function compileGroups(
  items: readonly unknown[],
  targets: readonly Target[],
  context: Context,
  isOrdered: boolean,
): string {
  if (items.length === 0) return '';
  const one = (node: unknown, isInSet: boolean): string => {
    const set = asNode(node, 'GroupingSet');
    if (set !== undefined) return groupingSet(set, (member) => one(member, true));
    const place = placeOf(node);
    const name = bareName(node);
    const target =
      place !== undefined
        ? targets[place - 1]
        : name !== undefined && !isColumn(node, context.scope)
          ? targets.find((candidate) => candidate.name === name)
          : undefined;
    if (place !== undefined && target === undefined)
      throw new Unrecognised(`group by ${place}, of which there is none`);
    const expression = target?.expression ?? settled(compileExpression(node, context));
    if (expression.type.kind === 'json' || expression.type.kind === 'average')
      throw new Unrecognised(`group by a ${expression.type.kind}`);
    // PostgreSQL 17 does not make a constant null where its set leaves it out.
    if (isInSet && (!/\bs\d+\./.test(expression.sql) || mayFold(target === undefined ? node : target.node)))
      throw new Unrecognised('grouping sets of constants, or of what may come to one');
    if (isInSet && isOrdered && isFixed(target?.node ?? node, context.compiler.statement))
      throw new Unrecognised('an order of grouping sets of a column that a condition fixes');
    return expression.sql;
  };
  return ` GROUP BY ${items.map((item) => one(item, false)).join(', ')}`;
}

function groupingSet({ kind, content }: NodeBody, one: (node: unknown) => string): string {
  const parts = listOf(content).map((node) => {
    const row = asNode(node, 'RowExpr');
    return row === undefined ? one(node) : `(${listOf(row.args).map(one).join(', ')})`;
  });
  switch (kind) {
    case 'GROUPING_SET_EMPTY':
      return '()';
    case 'GROUPING_SET_ROLLUP':
    case 'GROUPING_SET_CUBE':
      // DuckDB makes one of equal ones, of which PostgreSQL leaves out each in its turn.
      if (new Set(parts).size < parts.length)
        throw new Unrecognised('a rollup or cube of one expression twice');
      return `${kind === 'GROUPING_SET_CUBE' ? 'CUBE' : 'ROLLUP'} (${parts.join(', ')})`;
    case 'GROUPING_SET_SETS':
      return `GROUPING SETS (${parts.join(', ')})`;
    default:
      throw new Unrecognised(String(kind));
  }
}

function isColumn(node: unknown, scope: Scope): boolean {
  const name = bareName(node);
  return [...scope.merged, ...scope.sources.flatMap(({ columns }) => columns)].some(
    (column) => column.name === name,
  );
}

function compileDistinct(nodes: readonly unknown[], targets: readonly Target[], context: Context): string {
  if (nodes.length === 0) return '';
  if (targets.some(({ expression: { type } }) => type.kind === 'average' || type.kind === 'json'))
    throw new Unrecognised('distinct averages or JSON');
  const on = nodes.filter((node) => unwrap(node)[0] !== '');
  if (on.length === 0) return 'DISTINCT ';
  const terms = on.map((node) => orderTerm(node, targets, context, []).sql);
  return `DISTINCT ON (${terms.join(', ')}) `;
}

/** By PostgreSQL's rule for `order by`: the name of an output before a column of what is read. */
function orderTerm(
  node: unknown,
  targets: readonly Target[],
  context: Context,
  relations: readonly Relation[],
): TypedExpression {
  const index = outputIndex(node, targets);
  if (placeOf(node) !== undefined && index === undefined)
    throw new Unrecognised('an order by a place that is none');
  const target = index === undefined ? undefined : targets[index];
  const found = target === undefined ? readFound(node, relations) : undefined;
  if (target?.isPassage === true || found?.type.kind === 'text')
    throw new Unrecognised('it is ordered by passages of matched words');
  return target?.expression ?? found ?? settled(compileExpression(node, context));
}
