import type { Node } from 'libpg-query';
import type { Value } from '../../change/change.ts';
import type { CatalogColumn, FieldType } from '../../model/index.ts';
import { earthDistanceFunction } from '../../stores/earth-distance.ts';
import type { Condition, DistanceCondition } from '../../stores/predicate.ts';
import type { AggregateGroup } from '../../stores/store.ts';
import { renderStatement, type Statement } from '../analyse.ts';
import type { GroupExpression } from '../group-expression.ts';
import { once } from '../once.ts';
import type { RowsOrGroups } from '../read-select.ts';
import type { OrderTerm } from '../select-shape.ts';

/** A select as a statement of PostgreSQL's, and its parameters. */
export interface SelectStatement {
  readonly statement: Statement;
  readonly params: () => readonly Value[];
}

/**
 * The select of one entity's rows, or of groups of them in no order, to be sent to Aurora. The tenant is left to
 * row-level security, and said all the same.
 */
export function statementOf(select: RowsOrGroups): SelectStatement {
  const made = once(() => treeOf(select));
  return { statement: new MadeStatement(select, made), params: () => made().params };
}

/** A statement whose tree is made when it is asked for: most are answered by other placements. */
class MadeStatement implements Statement {
  readonly access = 'read';
  readonly reads: Statement['reads'];
  readonly writes = [];
  readonly searches = false;
  readonly #made: () => SelectTree;
  #rendered: Promise<string> | undefined;

  constructor({ entity }: RowsOrGroups, made: () => SelectTree) {
    this.reads = [entity];
    this.#made = made;
  }

  get statement(): Node {
    return this.#made().tree;
  }

  get parameterCount(): number {
    return this.#made().params.length;
  }

  render(): Promise<string> {
    this.#rendered ??= renderStatement(this.statement);
    return this.#rendered;
  }
}

interface SelectTree {
  readonly tree: Node;
  readonly params: readonly Value[];
}

function treeOf(select: RowsOrGroups): SelectTree {
  const { entity, where, limit, offset } = select;
  const order = select.kind === 'rows' ? select.order : [];
  const groups = select.kind === 'rows' ? [] : select.groups;
  const params: Value[] = [];
  const conditions = where.map((condition) => conditionTree(condition, params));
  const tree = {
    SelectStmt: {
      targetList: targetTrees(select),
      fromClause: [{ RangeVar: { relname: entity.name, inh: true, relpersistence: 'p' } }],
      ...(conditions.length > 0 && { whereClause: joined('AND_EXPR', conditions) }),
      ...(groups.length > 0 && { groupClause: groups.map(groupTree) }),
      ...(order.length > 0 && { sortClause: order.map(sortTree) }),
      ...(offset > 0 && { limitOffset: countTree(offset) }),
      ...(limit !== undefined && { limitCount: countTree(limit) }),
      limitOption: offset > 0 || limit !== undefined ? 'LIMIT_OPTION_COUNT' : 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
  // As the parser makes it: what is rendered is parsed again and has to be this tree.
  return { tree: tree as unknown as Node, params };
}

const name = (text: string) => ({ String: { sval: text } });
const columnTree = (column: CatalogColumn) => ({ ColumnRef: { fields: [name(column.name)] } });

function targetTrees(select: RowsOrGroups): readonly object[] {
  if (select.kind === 'aggregate')
    return select.output.map(({ name: as, expression }) => ({
      ResTarget: { name: as, val: expressionTree(expression) },
    }));
  return select.output.flatMap((one) =>
    one.kind === 'column' ? [{ ResTarget: { val: columnTree(one.column) } }] : [],
  );
}

const groupTree = ({ column, unit }: AggregateGroup): object =>
  unit === 'value'
    ? columnTree(column)
    : callTree('date_trunc', [{ A_Const: { sval: { sval: unit } } }, columnTree(column)]);

const callTree = (of: string, args: readonly object[]): object => ({
  FuncCall: {
    funcname: [name(of)],
    ...(args.length > 0 ? { args } : { agg_star: true }),
    funcformat: 'COERCE_EXPLICIT_CALL',
  },
});

function expressionTree(expression: GroupExpression): object {
  switch (expression.kind) {
    case 'group':
      return groupTree(expression.group);
    case 'aggregate': {
      const { function: of, column } = expression.aggregate;
      return callTree(of, column === undefined ? [] : [columnTree(column)]);
    }
    // What is combined is averaged there.
    case 'average':
      throw new TypeError('an average is no part of what is combined');
  }
}

/** What matches words alone has another order than that of columns, and is not sent to Aurora. */
function sortTree(term: OrderTerm): object {
  if (term.kind !== 'column') throw new TypeError('no column to sort by');
  return {
    SortBy: {
      node: columnTree(term.column),
      sortby_dir: term.descending ? 'SORTBY_DESC' : 'SORTBY_ASC',
      sortby_nulls: term.nullsFirst ? 'SORTBY_NULLS_FIRST' : 'SORTBY_NULLS_LAST',
    },
  };
}

/** The parser leaves a zero out. */
const countTree = (count: number) => ({ A_Const: { ival: count === 0 ? {} : { ival: count } } });

/** The parser makes one list of `a and b and c`, so that lists within a list would not be what it reads. */
function joined(boolop: 'AND_EXPR' | 'OR_EXPR', parts: readonly BooleanTree[]): BooleanTree {
  const flat = parts.flatMap((part) => (part.BoolExpr?.boolop === boolop ? part.BoolExpr.args : [part]));
  const [only, ...more] = flat;
  if (only === undefined) return { A_Const: { boolval: { boolval: boolop === 'AND_EXPR' } } };
  return more.length === 0 ? only : { BoolExpr: { boolop, args: flat } };
}

interface BooleanTree {
  readonly [type: string]: unknown;
  readonly BoolExpr?: { readonly boolop: string; readonly args: readonly BooleanTree[] };
}

function conditionTree(condition: Condition, params: Value[]): BooleanTree {
  const { kind } = condition;
  switch (kind) {
    case 'and':
    case 'or': {
      const parts = condition.of.map((part) => conditionTree(part, params));
      return joined(kind === 'and' ? 'AND_EXPR' : 'OR_EXPR', parts);
    }
    case 'not':
      return { BoolExpr: { boolop: 'NOT_EXPR', args: [conditionTree(condition.of, params)] } };
    case 'isNull':
      return { NullTest: { arg: columnTree(condition.column), nulltesttype: 'IS_NULL' } };
    case 'compare':
      return comparison(
        'AEXPR_OP',
        condition.operator,
        condition.column,
        parameter(condition.value, params),
        false,
      );
    case 'in':
      return comparison('AEXPR_OP_ANY', '=', condition.column, parameter(condition.values, params), true);
    case 'distance':
      return distanceTree(condition, params);
  }
}

const comparison = (
  kind: string,
  operator: string,
  column: CatalogColumn,
  rexpr: object,
  isList: boolean,
): BooleanTree => ({
  A_Expr: {
    kind,
    name: [name(operator)],
    lexpr: columnTree(column),
    rexpr: { TypeCast: { arg: rexpr, typeName: typeTree(column.type, isList) } },
  },
});

function distanceTree({ distance, operator, metres }: DistanceCondition, params: Value[]): BooleanTree {
  const { latitude, longitude, place } = distance;
  const double = (value: number | null) => ({
    TypeCast: { arg: parameter(value, params), typeName: typeTree({ kind: 'float' }, false) },
  });
  const args = [
    ...[columnTree(latitude), columnTree(longitude)],
    ...[double(place.latitude), double(place.longitude)],
  ];
  return {
    A_Expr: {
      kind: 'AEXPR_OP',
      name: [name(operator)],
      lexpr: callTree(earthDistanceFunction, args),
      rexpr: double(metres),
    },
  };
}

function parameter(value: Value, params: Value[]): object {
  params.push(value);
  return { ParamRef: { number: params.length } };
}

/** The type of a comparison's other side; a decimal may have more digits than the column. */
const typeNames: Readonly<Record<FieldType['kind'], string>> = {
  text: 'text',
  oneOf: 'text',
  integer: 'int4',
  bigint: 'int8',
  decimal: 'numeric',
  float: 'float8',
  boolean: 'bool',
  timestamp: 'timestamptz',
  date: 'date',
  bytes: 'bytea',
  json: 'jsonb',
};

function typeTree({ kind }: FieldType, isList: boolean): object {
  const own = name(typeNames[kind]);
  return {
    // The grammar has a word of its own for it, which it writes with its schema.
    names: kind === 'decimal' ? [name('pg_catalog'), own] : [own],
    typemod: -1,
    ...(isList && { arrayBounds: [{ Integer: { ival: -1 } }] }),
  };
}
