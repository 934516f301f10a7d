import type { Aggregate } from '../../stores/store.ts';
import { isAggregated } from '../group-expression.ts';
import { asNode, findNodes, listOf, type NodeBody } from '../tree-node.ts';
import { Unrecognised, unlessUnrecognised } from '../unrecognised.ts';
import type { Compile, Context } from './compiler.ts';
import { averageOf, coerced, settled, type TypedExpression, typed } from './expression.ts';
import { type Grouping, type Relation, totalOf, typeOfSum } from './relation.ts';
import { type RelationColumn, resolveColumn } from './scope.ts';
import { bigint, boolean, castTo, decimal, isWhole, mostDigits, type SqlType } from './sql-type.ts';

/** Relations whose rows have to be read as they are, for what a statement asks is not known of groups of them. */
export class NotGrouped extends Error {
  readonly relations: readonly Relation[];

  constructor(relations: readonly Relation[]) {
    super('A statement is not answered from groups of rows.');
    this.relations = relations;
  }
}

/** Digits of a count. */
const countDigits = 19;

/**
 * A call of an aggregate over a join of groups. A row there stands for as many as the counts of its groups, multiplied,
 * say (eager aggregation: Yan and Larson, VLDB 1995), so that counts and sums are of totals and weights. Least and
 * greatest values, and those that are told apart, are what they are however often they occur.
 *
 * @returns undefined where the aggregate is of the values alone
 * @throws NotGrouped where it is not known of groups
 */
export function callWeighted(
  name: string,
  { args, agg_star, agg_distinct, agg_filter }: NodeBody,
  context: Context,
  compile: Compile,
): TypedExpression | undefined {
  const [argument, ...more] = listOf(args);
  if (argument !== undefined && !isOwn(argument, context)) throw new NotGrouped(context.grouped);
  if (agg_distinct === true) return undefined;
  const filter = agg_filter === undefined ? [] : [coerced(compile(agg_filter, context), boolean).sql];
  const add = (value: string, ...conditions: readonly string[]): string => {
    const all = [...filter, ...conditions];
    return `sum(${value})${all.length === 0 ? '' : ` FILTER (WHERE ${all.join(' AND ')})`}`;
  };
  // Of no rows a count is zero, and a sum is null.
  const counted = (value: string, ...conditions: readonly string[]): string =>
    castTo(`coalesce(${add(value, ...conditions)}, 0)`, bigint);
  if (agg_star === true) return typed(counted(weightOf(context.grouped)), bigint);
  if (argument === undefined || more.length > 0) {
    if (name === 'string_agg') throw new NotGrouped(context.grouped);
    return undefined;
  }
  const direct = totalledColumn(argument, name, context);
  const weighing = context.grouped.filter((relation) => relation !== direct?.relation);
  const weight = weightOf(weighing);
  const total = (of: Total): TypedExpression | undefined =>
    direct && totalOf(direct.relation, direct.grouping, { function: of, column: direct.column });
  const count = (): string => {
    const some = total('count');
    return some === undefined
      ? counted(weight, `${settled(compile(argument, context)).sql} IS NOT NULL`)
      : counted(product(some, weight, weighing));
  };
  const sum = (): TypedExpression => {
    const value = total('sum') ?? settled(compile(argument, context));
    if (!isWhole(value.type) && value.type.kind !== 'decimal')
      throw new Unrecognised(`sum of a ${value.type.kind}, which depends on the order of its rows`);
    const type = typeOfSum(direct?.column.type ?? value.type);
    return typed(castTo(add(product(value, weight, weighing)), type), type);
  };
  switch (name) {
    case 'count':
      return typed(count(), bigint);
    case 'sum':
      return sum();
    case 'avg':
      if (direct === undefined) requireWhole(settled(compile(argument, context)).type);
      return averageOf(castTo(sum().sql, decimal(38, 0)), count());
    case 'min':
    case 'max': {
      const extreme = total(name);
      if (extreme === undefined) return undefined;
      const condition = filter.length === 0 ? '' : ` FILTER (WHERE ${filter.join(' AND ')})`;
      return typed(`${name}(${extreme.sql})${condition}`, extreme.type);
    }
    default:
      return undefined;
  }
}

type Total = Aggregate['function'];

function requireWhole(type: SqlType): void {
  if (!isWhole(type)) throw new Unrecognised(`avg of a ${type.kind}`);
}

/** Whether an argument makes its aggregate one of this select: it could be that of one around it. */
function isOwn(argument: unknown, { scope }: Context): boolean {
  if (findNodes(argument, 'SubLink').length > 0) return false;
  const columns = findNodes(argument, 'ColumnRef');
  const isHere = (column: NodeBody): boolean =>
    unlessUnrecognised(() => resolveColumn({ ColumnRef: column }, { ...scope, outer: undefined })) !==
    undefined;
  return columns.length === 0 || columns.some(isHere);
}

/** A bare column of a grouped relation whose totals stores have. */
function totalledColumn(
  argument: unknown,
  name: string,
  { scope, grouped }: Context,
): (RelationColumn & { readonly grouping: Grouping }) | undefined {
  if (asNode(argument, 'ColumnRef') === undefined) return undefined;
  const { of } = resolveColumn(argument, scope);
  const grouping = of?.relation.grouping;
  if (of === undefined || grouping === undefined || !grouped.includes(of.relation)) return undefined;
  return isAggregatedName(name) && isAggregated(name, of.column) ? { ...of, grouping } : undefined;
}

const aggregated = ['count', 'sum', 'min', 'max', 'avg'] as const;
const isAggregatedName = (name: string): name is (typeof aggregated)[number] =>
  aggregated.some((one) => one === name);

/** How many rows of these relations one of the join stands for; a row of nulls that fills one up stands for itself. */
function weightOf(relations: readonly Relation[]): string {
  const counts = relations.flatMap((relation) => {
    if (relation.grouping === undefined) return [];
    const { sql } = totalOf(relation, relation.grouping, { function: 'count', column: undefined });
    return [`CAST(${relation.isOptional ? `coalesce(${sql}, 1)` : sql} AS HUGEINT)`];
  });
  return counts.length === 0 ? '1' : `(${counts.join(' * ')})`;
}

/** A value as often as its weight says. */
function product(value: TypedExpression, weight: string, weighing: readonly Relation[]): string {
  if (weighing.length === 0) return value.sql;
  const { type } = value;
  if (isWhole(type) || (type.kind === 'decimal' && type.scale === 0))
    return `(CAST(${value.sql} AS HUGEINT) * ${weight})`;
  if (type.kind !== 'decimal' || type.precision + countDigits > mostDigits) throw new NotGrouped(weighing);
  return `(${value.sql} * CAST(${weight} AS DECIMAL(${countDigits},0)))`;
}
