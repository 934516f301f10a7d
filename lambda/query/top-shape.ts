import type { Value } from '../change/change.ts';
import { type CatalogColumn, type CatalogEntity, isOpaque } from '../model/index.ts';
import type { VersionedRow } from '../stores/store.ts';
import { identityOf } from '../stores/value-order.ts';
import { readOperand } from './operand.ts';
import {
  conjunctsOf,
  readBounds,
  readClauses,
  readDirection,
  type SelectClauses,
  type Selected,
} from './select-clauses.ts';
import { type OrderTerm, type OutputColumn, orderRows, readSimpleSelect } from './select-shape.ts';
import { asNode, bodyOf, listOf, stringOf, stringsOf, unwrap } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

/** What a row of an answer shows: a column, or its number in its group, from 1. */
export type TopOutput = OutputColumn | { readonly kind: 'row number'; readonly name: string };

/**
 * The first rows of each group of rows of one entity: `distinct on`, or those of a sub-select that a window numbers
 * (`row_number() over (partition by … order by …) <= n`).
 */
export interface TopSelect extends Selected {
  readonly kind: 'top';
  /** Rows that are equal in these are one group; null equals null. */
  readonly by: readonly CatalogColumn[];
  /** Which rows of a group are first; of those that tie any. */
  readonly within: readonly ColumnTerm[];
  readonly count: number;
  readonly output: readonly TopOutput[];
  /** Of the answer. */
  readonly order: readonly (ColumnTerm | NumberTerm)[];
}
type ColumnTerm = Extract<OrderTerm, { readonly kind: 'column' }>;
interface NumberTerm {
  readonly kind: 'row number';
  readonly descending: boolean;
}

/**
 * Reads `select distinct on (…) … order by …`: the first terms of the order are those that rows are distinct on.
 *
 * @throws Unrecognised with the part that makes it more than that.
 */
export function readDistinctOn(clauses: SelectClauses): TopSelect {
  const { entity, where, match, limit, offset, column } = clauses;
  const by = clauses.distinct.map((node) => groupColumn(column(node)));
  const { output, order } = readSimpleSelect(clauses);
  const within = order.map(columnTerm);
  const leading = new Set(within.slice(0, new Set(by).size).map((term) => term.column));
  // PostgreSQL refuses another order, with a message of its own.
  if (within.length > 0 && by.some((one) => !leading.has(one)))
    throw new Unrecognised('its distinct on is of other columns than its order begins with');
  const shown = output.map((one) => {
    if (one.kind !== 'column') throw new Unrecognised('it selects ranks or highlights of matched words');
    return one;
  });
  return {
    ...{ kind: 'top', entity, where, match, limit, offset, by, within },
    count: 1,
    output: shown,
    order: within,
  };
}

/** Whether a statement selects from a sub-select alone. */
export const readsSubSelect = (statement: unknown): boolean => {
  const [from, ...more] = listOf(asNode(statement, 'SelectStmt')?.fromClause);
  return more.length === 0 && asNode(from, 'RangeSubselect') !== undefined;
};

/** Fields of a select over numbered rows that are understood here. */
const outerFields: ReadonlySet<string> = new Set([
  'targetList',
  'fromClause',
  'whereClause',
  'sortClause',
  'limitOffset',
  'limitCount',
  'limitOption',
  'op',
]);

/**
 * Reads `select … from (select …, row_number() over (partition by … order by …) as n from entity where …) s where n <= 3`.
 *
 * @throws Unrecognised with the part that makes it more than that.
 */
export function readNumbered(
  statement: unknown,
  entities: readonly CatalogEntity[],
  params: readonly Value[],
): TopSelect {
  const outer = asNode(statement, 'SelectStmt') ?? {};
  const from = bodyOf(asNode(listOf(outer.fromClause)[0], 'RangeSubselect'));
  const alias = bodyOf(from.alias);
  const other = Object.keys(outer).find((field) => !outerFields.has(field));
  if (
    other !== undefined ||
    alias.colnames !== undefined ||
    from.lateral === true ||
    outer.op !== 'SETOP_NONE'
  )
    throw new Unrecognised('it selects from a sub-select');
  const clauses = readClauses(from.subquery, entities, params);
  if (
    clauses.distinct.length + clauses.groups.length + clauses.sort.length > 0 ||
    clauses.limit !== undefined ||
    clauses.offset > 0
  )
    throw new Unrecognised('its sub-select has more than conditions and row numbers');
  const inner = readInner(clauses);
  const known = String(alias.aliasname ?? '');
  const find = (node: unknown): TopOutput | undefined => {
    const parts = stringsOf(asNode(node, 'ColumnRef')?.fields);
    if (parts.length === 2 && parts[0] !== known) return undefined;
    return inner.output.find(({ name }) => name === parts.at(-1));
  };
  const output = listOf(outer.targetList).flatMap((target) =>
    readOuterTarget(target, known, inner.output, find),
  );
  const order = listOf(outer.sortClause).map((node): ColumnTerm | NumberTerm => {
    const term = bodyOf(asNode(node, 'SortBy'));
    // A bare name is one of the answer first; where it is another's than the sub-select's, that is left to PostgreSQL.
    const found = find(term.node);
    const named = output.filter(({ name }) => name === found?.name);
    if (found === undefined || named.some((one) => !isSame(one, found)))
      throw new Unrecognised('it is ordered by an expression');
    const direction = readDirection(term);
    if (found.kind === 'row number') return { kind: 'row number', descending: direction.descending };
    if (isOpaque(found.column.type)) throw new Unrecognised('it is ordered by an expression');
    return { kind: 'column', column: found.column, ...direction };
  });
  const { entity, where, match } = clauses;
  const { limit, offset } = readBounds(outer, params);
  const { by, within } = inner;
  return {
    ...{ kind: 'top', entity, where, match, limit, offset, by, within },
    count: readCountOf(outer.whereClause, find, params),
    output,
    order,
  };
}

const isSame = (a: TopOutput, b: TopOutput): boolean =>
  a.kind === 'column' && b.kind === 'column' ? a.column === b.column : a.kind === b.kind;

/** The columns of the sub-select, and how it numbers rows. */
function readInner(clauses: SelectClauses): Pick<TopSelect, 'by' | 'within' | 'output'> {
  const windows = clauses.targets.filter(({ val }) => asNode(val, 'FuncCall')?.over !== undefined);
  const [numbered] = windows;
  const call = bodyOf(asNode(numbered?.val, 'FuncCall'));
  if (numbered === undefined || windows.length > 1 || stringsOf(call.funcname).at(-1) !== 'row_number')
    throw new Unrecognised('it selects from a sub-select');
  const window = bodyOf(call.over);
  if (window.refname !== undefined || window.name !== undefined || call.agg_filter !== undefined)
    throw new Unrecognised('its row numbers are of a named window');
  const { column } = clauses;
  const by = listOf(window.partitionClause).map((node) => groupColumn(column(node)));
  const within = listOf(window.orderClause).map((node): ColumnTerm => {
    const term = bodyOf(asNode(node, 'SortBy'));
    const of = column(term.node);
    if (of === undefined || isOpaque(of.type))
      throw new Unrecognised('its row numbers are ordered by an expression');
    return { kind: 'column', column: of, ...readDirection(term) };
  });
  const output = clauses.targets.flatMap((target): readonly TopOutput[] => {
    if (target === numbered) return [{ kind: 'row number', name: String(target.name ?? 'row_number') }];
    return readSimpleSelect({ ...clauses, targets: [target], sort: [], match: [] }).output.map((one) => {
      if (one.kind !== 'column') throw new Unrecognised('it selects ranks or highlights of matched words');
      return one;
    });
  });
  if (new Set(output.map(({ name }) => name)).size < output.length)
    throw new Unrecognised('its sub-select has a name twice');
  return { by, within, output };
}

function readOuterTarget(
  target: unknown,
  known: string,
  all: readonly TopOutput[],
  find: (node: unknown) => TopOutput | undefined,
): readonly TopOutput[] {
  const { name, val } = bodyOf(asNode(target, 'ResTarget'));
  const fields = listOf(asNode(val, 'ColumnRef')?.fields);
  const isStar = fields.length > 0 && unwrap(fields.at(-1))[0] === 'A_Star';
  if (isStar && (fields.length === 1 || stringOf(fields[0]) === known)) return all;
  const found = find(val);
  if (found === undefined) throw new Unrecognised('it selects an expression');
  return [{ ...found, name: String(name ?? found.name) }];
}

/** How many rows of each group a condition on their number lets in: `n <= 3`, `n < 4`, `n = 1`. */
function readCountOf(
  node: unknown,
  find: (node: unknown) => TopOutput | undefined,
  params: readonly Value[],
): number {
  const [only, ...more] = node === undefined ? [] : conjunctsOf(node);
  const expression = asNode(only, 'A_Expr');
  const sign = stringsOf(expression?.name)[0];
  const bound = readOperand(expression?.rexpr, params);
  const count =
    bound?.kind === 'number' && bound.cast === undefined && /^\d{1,9}$/.test(bound.text)
      ? Number(bound.text)
      : undefined;
  const isNumber = expression?.kind === 'AEXPR_OP' && find(expression.lexpr)?.kind === 'row number';
  if (more.length > 0 || !isNumber || count === undefined)
    throw new Unrecognised('it selects from a sub-select by more than how many rows of each group: n <= 3');
  if (sign === '<=' || (sign === '=' && count === 1)) return count;
  if (sign === '<' && count > 0) return count - 1;
  throw new Unrecognised('it selects from a sub-select by more than how many rows of each group: n <= 3');
}

function groupColumn(column: CatalogColumn | undefined): CatalogColumn {
  if (column === undefined) throw new Unrecognised('its groups are of an expression');
  if (isOpaque(column.type)) throw new Unrecognised('it groups by a JSON value');
  return column;
}

function columnTerm(term: OrderTerm): ColumnTerm {
  if (term.kind === 'column') return term;
  throw new Unrecognised('it is ordered by how well words match');
}

/** A row with its number in its group. */
export interface NumberedRow {
  readonly row: VersionedRow;
  readonly number: number;
}

/** The first rows of each group, of rows that hold every row they are about, in the order of the answer. */
export function topRows(
  { by, within, count, order }: TopSelect,
  rows: readonly VersionedRow[],
): readonly NumberedRow[] {
  const numbers = new Map<string, number>();
  const numbered = orderRows(rows, within).flatMap((row) => {
    const group = JSON.stringify(by.map(({ name, type }) => identityOf(type, row.row[name] ?? null)));
    const number = (numbers.get(group) ?? 0) + 1;
    numbers.set(group, number);
    return number <= count ? [{ row, number }] : [];
  });
  const numberOf = new Map(numbered.map(({ row, number }) => [row, number]));
  let sorted = numbered.map(({ row }) => row);
  // From the last term to the first, since rows that tie keep their order.
  for (const term of order.toReversed())
    sorted =
      term.kind === 'column'
        ? [...orderRows(sorted, [term])]
        : sorted.toSorted(
            (a, b) => (term.descending ? -1 : 1) * ((numberOf.get(a) ?? 0) - (numberOf.get(b) ?? 0)),
          );
  return sorted.map((row) => ({ row, number: numberOf.get(row) ?? 0 }));
}

/** The columns that rows are told apart, ordered and shown by. */
export const columnsOfTop = ({ by, within, output, order }: TopSelect): readonly string[] =>
  [...by.map((column) => ({ column })), ...within, ...output, ...order].flatMap((one) =>
    'column' in one ? [one.column.name] : [],
  );
