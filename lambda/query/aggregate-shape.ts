import type { Row, Value } from '../change/change.ts';
import type { CatalogColumn, TermUnit } from '../model/index.ts';
import type { Aggregate, AggregateGroup } from '../stores/store.ts';
import { compareInOrder } from '../stores/value-order.ts';
import type { ColumnLookup } from './column-lookup.ts';
import { exactValue, expressionType, type GroupExpression, isAggregated } from './group-expression.ts';
import { bareName, placeOf, readDirection, type SelectClauses, type Selected } from './select-clauses.ts';
import { asNode, bodyOf, listOf, type NodeBody, stringOf, stringsOf } from './tree-node.ts';
import { Unrecognised } from './unrecognised.ts';

export interface GroupOutput {
  readonly name: string;
  readonly expression: GroupExpression;
}

export interface GroupOrder {
  readonly expression: GroupExpression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** A select of groups of rows of one entity, and what they add up to. */
export interface AggregateSelect extends Selected {
  readonly kind: 'aggregate';
  /** Without any, one row for all. */
  readonly groups: readonly AggregateGroup[];
  readonly aggregates: readonly Aggregate[];
  readonly output: readonly GroupOutput[];
  readonly order: readonly GroupOrder[];
}

type AggregateName = Aggregate['function'] | 'avg';
const aggregateNames: readonly string[] = ['count', 'sum', 'min', 'max', 'avg'] satisfies AggregateName[];
const bucketUnits: readonly string[] = ['hour', 'day', 'month'] satisfies TermUnit[];

/** Whether a select groups its rows or adds them up. */
export const isAggregate = ({ groups, targets }: SelectClauses): boolean =>
  groups.length > 0 || targets.some(({ val }) => aggregateNames.includes(functionOf(val) ?? ''));

/**
 * Reads the groups, aggregates and order of a select.
 *
 * @throws Unrecognised with the part that makes it more than that.
 */
export function readAggregateSelect(clauses: SelectClauses): AggregateSelect {
  const { entity, column, targets, sort, where, match, limit, offset } = clauses;
  const found = createRegister();
  const groups = clauses.groups.map((node) => readGroup(node, targets, column, found));
  const output = targets.map(({ name, val }): GroupOutput => {
    const expression = readExpression(val, column, found);
    if (expression.kind === 'group' && !groups.includes(expression.group))
      throw new Unrecognised(`it selects ${sayGroup(expression.group)}, by which it does not group`);
    return { name: String(name ?? functionOf(val) ?? impliedName(val)), expression };
  });
  const order = sort.map((term): GroupOrder => {
    const expression = orderedBy(term.node, output, column, found);
    if (expression.kind === 'group' && !groups.includes(expression.group))
      throw new Unrecognised(`it is ordered by ${sayGroup(expression.group)}, by which it does not group`);
    return { expression, ...readDirection(term) };
  });
  return {
    kind: 'aggregate',
    entity,
    where,
    match,
    limit,
    offset,
    groups: found.groups().filter((group) => groups.includes(group)),
    aggregates: found.aggregates(),
    output,
    order,
  };
}

/** Groups and aggregates of a statement: each once, under a name of its own. */
interface Register {
  group(column: CatalogColumn, unit: TermUnit): AggregateGroup;
  aggregate(of: Aggregate['function'], column: CatalogColumn | undefined): Aggregate;
  groups(): readonly AggregateGroup[];
  aggregates(): readonly Aggregate[];
}

function createRegister(): Register {
  const groups = new Map<string, AggregateGroup>();
  const aggregates = new Map<string, Aggregate>();
  const once = <T extends object>(held: Map<string, T>, id: string, make: () => T): T => {
    const one = held.get(id) ?? make();
    held.set(id, one);
    return one;
  };
  return {
    group: (column, unit) =>
      once(groups, `${unit} ${column.name}`, () => ({ as: `group${groups.size + 1}`, column, unit })),
    aggregate: (of, column) =>
      once(aggregates, `${of} ${column?.name ?? '*'}`, () => ({
        as: `total${aggregates.size + 1}`,
        function: of,
        column,
      })),
    groups: () => [...groups.values()],
    aggregates: () => [...aggregates.values()],
  };
}

/**
 * A bare name in `group by` is a column of the entity first and a name of the output second, other than
 * in `order by`; a number is a place in the output.
 */
function readGroup(
  node: unknown,
  targets: readonly NodeBody[],
  column: ColumnLookup,
  found: Register,
): AggregateGroup {
  const expression = readExpression(groupNode(node, targets, column), column, found);
  if (expression.kind !== 'group') throw new Unrecognised('it groups by an aggregate');
  if (expression.group.column.type.kind === 'json') throw new Unrecognised('it groups by a JSON value');
  return expression.group;
}

function groupNode(node: unknown, targets: readonly NodeBody[], column: ColumnLookup): unknown {
  const place = placeOf(node);
  if (place !== undefined) return targets[place - 1]?.val;
  const name = bareName(node);
  if (name === undefined || column(node) !== undefined) return node;
  const named = targets.filter((target) => target.name === name);
  if (named.length > 1) throw new Unrecognised(`it groups by '${name}', which it selects twice`);
  return named[0]?.val;
}

function orderedBy(
  node: unknown,
  output: readonly GroupOutput[],
  column: ColumnLookup,
  found: Register,
): GroupExpression {
  const place = placeOf(node);
  const name = bareName(node);
  const named =
    place === undefined ? output.filter((one) => one.name === name) : output.slice(place - 1, place);
  if (place !== undefined && named.length === 0)
    throw new Unrecognised('it is ordered by a place that is not there');
  const [first, ...more] = named.map(({ expression }) => expression);
  if (first === undefined) return readExpression(node, column, found);
  if (more.some((other) => idOf(other) !== idOf(first)))
    throw new Unrecognised(`it is ordered by '${name}', which it selects twice`);
  return first;
}

function readExpression(node: unknown, column: ColumnLookup, found: Register): GroupExpression {
  const plain = column(node);
  if (plain !== undefined) return { kind: 'group', group: found.group(plain, 'value') };
  const name = functionOf(node);
  const call = asNode(node, 'FuncCall') ?? {};
  const args = listOf(call.args);
  const other = Object.keys(call).find(
    (field) => !['funcname', 'args', 'agg_star', 'funcformat', 'location'].includes(field),
  );
  if (other !== undefined) throw new Unrecognised(`it calls ${name} with ${callNames[other] ?? other}`);
  if (name === 'date_trunc') return { kind: 'group', group: readBucket(args, column, found) };
  if (name === undefined || !aggregateNames.includes(name))
    throw new Unrecognised('it selects, groups or orders by an expression');
  // Checked just now to be one of the names.
  return readAggregate(name as AggregateName, { isStar: call.agg_star === true, args }, column, found);
}

const callNames: Readonly<Record<string, string>> = {
  agg_distinct: 'distinct',
  agg_filter: 'filter',
  agg_order: 'order by',
  over: 'over',
};

function readBucket(args: readonly unknown[], column: ColumnLookup, found: Register): AggregateGroup {
  const unit = bodyOf(asNode(args[0], 'A_Const')?.sval).sval;
  const bucket = bucketUnits.find((each) => each === String(unit).toLowerCase());
  const of = column(args[1]);
  if (args.length !== 2 || bucket === undefined || of?.type.kind !== 'timestamp')
    throw new Unrecognised("its date_trunc is not of 'hour', 'day' or 'month' and a timestamp column");
  // Found among the units just now.
  return found.group(of, bucket as TermUnit);
}

function readAggregate(
  of: AggregateName,
  { isStar, args }: { readonly isStar: boolean; readonly args: readonly unknown[] },
  column: ColumnLookup,
  found: Register,
): GroupExpression {
  const [subject, ...more] = args;
  const constant = asNode(subject, 'A_Const');
  const countsRows = isStar || (constant !== undefined && constant.isnull !== true);
  if (of === 'count' && countsRows && more.length === 0)
    return { kind: 'aggregate', aggregate: found.aggregate('count', undefined) };
  const counted = column(subject);
  if (counted === undefined || more.length > 0) throw new Unrecognised(`it takes the ${of} of an expression`);
  if (!isAggregated(of, counted))
    throw new Unrecognised(`it takes the ${of} of ${counted.name}, which is of type ${counted.type.kind}`);
  return of === 'avg'
    ? { kind: 'average', sum: found.aggregate('sum', counted), count: found.aggregate('count', counted) }
    : { kind: 'aggregate', aggregate: found.aggregate(of, counted) };
}

/** The function that an expression calls, by its bare name; PostgreSQL's grammar writes its own with `pg_catalog`. */
function functionOf(node: unknown): string | undefined {
  return stringsOf(asNode(node, 'FuncCall')?.funcname).at(-1);
}

/** PostgreSQL names an output column by the reference in it. */
const impliedName = (node: unknown): string => {
  const fields = listOf(asNode(node, 'ColumnRef')?.fields);
  return stringOf(fields.at(-1));
};

const sayGroup = ({ column, unit }: AggregateGroup): string =>
  unit === 'value' ? column.name : `the ${unit} of ${column.name}`;

/** Equal for the same expression, and for no other. */
function idOf(expression: GroupExpression): string {
  switch (expression.kind) {
    case 'group':
      return expression.group.as;
    case 'aggregate':
      return expression.aggregate.as;
    case 'average':
      return `average of ${expression.sum.as}`;
  }
}

/** Sorts groups as PostgreSQL does; groups that tie keep their order. */
export function orderGroups(groups: readonly Row[], order: readonly GroupOrder[]): readonly Row[] {
  const comparisons = order.map((term) => {
    const compare = compareInOrder(expressionType(term.expression), term);
    return (a: Row, b: Row): number => compare(valueFor(term, a), valueFor(term, b));
  });
  return groups.toSorted((a, b) => {
    for (const compare of comparisons) {
      const difference = compare(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

const valueFor = ({ expression }: GroupOrder, group: Row): Value => exactValue(expression, group);
