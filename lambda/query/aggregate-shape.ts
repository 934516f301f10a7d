import type { Row, Value } from '../change/change.ts';
import { type CatalogColumn, isOpaque } from '../model/index.ts';
import { type Grouping, sayGrouping, type TimeUnit } from '../stores/grouping.ts';
import type { Aggregate, AggregateGroup } from '../stores/store.ts';
import { compareInOrder, inTurn } from '../stores/value-order.ts';
import type { ColumnLookup } from './column-lookup.ts';
import { exactValue, expressionType, type GroupExpression, isAggregated } from './group-expression.ts';
import { coerceOperand, readOperand } from './operand.ts';
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
const timeUnits: readonly string[] = [
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
] satisfies TimeUnit[];

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
  const found = createRegister(clauses.params);
  const groups = clauses.groups.map((node) => readGroup(node, targets, column, found));
  const output = targets.map(({ name, val }): GroupOutput => {
    const expression = readExpression(val, column, found);
    if (expression.kind === 'group' && !groups.includes(expression.group))
      throw new Unrecognised(`it selects ${sayGrouping(expression.group)}, by which it does not group`);
    return { name: String(name ?? functionOf(val) ?? impliedName(val)), expression };
  });
  const order = sort.map((term): GroupOrder => {
    const expression = orderedBy(term.node, output, column, found);
    if (expression.kind === 'group' && !groups.includes(expression.group))
      throw new Unrecognised(`it is ordered by ${sayGrouping(expression.group)}, by which it does not group`);
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
  readonly params: readonly Value[];
  group(column: CatalogColumn, unit: Grouping): AggregateGroup;
  aggregate(of: Aggregate['function'], column: CatalogColumn | undefined): Aggregate;
  groups(): readonly AggregateGroup[];
  aggregates(): readonly Aggregate[];
}

function createRegister(params: readonly Value[]): Register {
  const groups = new Map<string, AggregateGroup>();
  const aggregates = new Map<string, Aggregate>();
  const once = <T extends object>(held: Map<string, T>, id: string, make: () => T): T => {
    const one = held.get(id) ?? make();
    held.set(id, one);
    return one;
  };
  return {
    params,
    group: (column, unit) =>
      once(groups, `${JSON.stringify(unit)} ${column.name}`, () => ({
        as: `group${groups.size + 1}`,
        column,
        unit,
      })),
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
  const { type } = expression.group.column;
  if (isOpaque(type)) throw new Unrecognised(`it groups by a value of type ${type.kind}`);
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
  const quotient = readQuotient(node, column, found);
  if (quotient !== undefined) return { kind: 'group', group: quotient };
  const name = functionOf(node);
  const call = asNode(node, 'FuncCall') ?? {};
  const args = listOf(call.args);
  const other = Object.keys(call).find(
    (field) => !['funcname', 'args', 'agg_star', 'agg_distinct', 'funcformat', 'location'].includes(field),
  );
  if (other !== undefined) throw new Unrecognised(`it calls ${name} with ${callNames[other] ?? other}`);
  if (call.agg_distinct === true && name !== 'count')
    throw new Unrecognised(`it takes the ${name} of different values`);
  if (name === 'date_trunc') return { kind: 'group', group: readTimeUnit(args, column, found) };
  if (name === 'date_bin') return { kind: 'group', group: readBin(args, column, found) };
  if (name === undefined || !aggregateNames.includes(name))
    throw new Unrecognised('it selects, groups or orders by an expression');
  // Checked just now to be one of the names.
  const of = (call.agg_distinct === true ? 'count distinct' : name) as AggregateName;
  return readAggregate(of, { isStar: call.agg_star === true, args }, column, found);
}

const callNames: Readonly<Record<string, string>> = {
  agg_filter: 'filter',
  agg_order: 'order by',
  over: 'over',
};

/** `date_trunc(unit, column)`, also said to be of UTC, which it is anyway. */
function readTimeUnit(args: readonly unknown[], column: ColumnLookup, found: Register): AggregateGroup {
  const [first, subject, zone, ...more] = args;
  const named = textOf(first)?.toLowerCase();
  const unit = timeUnits.find((each) => each === named);
  const of = timeColumn(subject, column);
  if (more.length > 0 || unit === undefined || of === undefined)
    throw new Unrecognised(`its date_trunc is not of ${timeUnits.join(', ')} and a column of times or dates`);
  if (zone !== undefined && !/^(utc|gmt)$/i.test(textOf(zone) ?? ''))
    throw new Unrecognised(
      `its date_trunc is of the time zone ${textOf(zone) ?? 'of an expression'}, whose rules each store has by itself; only UTC is the same everywhere`,
    );
  // Found among the units just now.
  return found.group(of, unit as TimeUnit);
}

/** `date_bin(interval, column, origin)`. */
function readBin(args: readonly unknown[], column: ColumnLookup, found: Register): AggregateGroup {
  const [stride, subject, start, ...more] = args;
  const of = timeColumn(subject, column);
  const written = readOperand(stride, found.params);
  const width =
    written?.kind === 'text' && isOf(written.cast, 'interval') ? intervalMicros(written.text) : undefined;
  const from = readOperand(start, found.params);
  const origin = of === undefined || from === undefined ? undefined : coerceOperand(timestampOf(of), from);
  // Beside a date, an origin without a zone would make times without one of both.
  const isLocal = of?.type.kind === 'date' && from?.kind === 'text' && from.cast === 'timestamp';
  if (more.length > 0 || of === undefined || width === undefined || typeof origin !== 'string' || isLocal)
    throw new Unrecognised(
      'its date_bin is not of an interval of weeks, days, hours, minutes or seconds, a column of times or dates, and a time as origin',
    );
  return found.group(of, { kind: 'bin', width: String(width), origin });
}

const timeColumn = (node: unknown, column: ColumnLookup): CatalogColumn | undefined => {
  const of = column(node);
  return of !== undefined && ['timestamp', 'date'].includes(of.type.kind) ? of : undefined;
};
const timestampOf = (column: CatalogColumn): CatalogColumn => ({
  ...column,
  type: { kind: 'timestamp' },
  optional: false,
});
const isOf = (cast: string | undefined, type: string): boolean => cast === undefined || cast === type;
const textOf = (node: unknown): string | undefined => {
  const constant = asNode(node, 'A_Const');
  return constant?.sval === undefined ? undefined : String(bodyOf(constant.sval).sval ?? '');
};

const unitMicros: Readonly<Record<string, bigint>> = {
  microsecond: 1n,
  millisecond: 1_000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: 86_400_000_000n,
  week: 604_800_000_000n,
};

/** Of an interval that is plainly numbers of units without months; undefined for any other, and for one of nothing. */
function intervalMicros(text: string): bigint | undefined {
  const parts = [
    ...text.matchAll(/(\d{1,6}) (microsecond|millisecond|second|minute|hour|day|week)s?(?: |$)/g),
  ];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  const sum = parts.reduce(
    (all, [, many, unit]) => all + BigInt(many ?? 0) * (unitMicros[unit ?? ''] ?? 0n),
    0n,
  );
  return sum > 0n ? sum : undefined;
}

/** A column of whole numbers divided by a constant above 0 whose type leaves that of the quotient the column's. */
function readQuotient(node: unknown, column: ColumnLookup, found: Register): AggregateGroup | undefined {
  const expression = asNode(node, 'A_Expr');
  if (expression?.kind !== 'AEXPR_OP' || stringsOf(expression.name).join('.') !== '/') return undefined;
  const of = column(expression.lexpr);
  const constant = asNode(expression.rexpr, 'A_Const');
  if (of === undefined || !['integer', 'bigint'].includes(of.type.kind) || constant?.ival === undefined)
    return undefined;
  const divisor = Number(bodyOf(constant.ival).ival ?? 0);
  return divisor > 0 ? found.group(of, { kind: 'quotient', divisor: String(divisor) }) : undefined;
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

/** PostgreSQL names an output column by the reference in it, and any other expression so. */
const impliedName = (node: unknown): string => {
  if (asNode(node, 'A_Expr') !== undefined) return '?column?';
  const fields = listOf(asNode(node, 'ColumnRef')?.fields);
  return stringOf(fields.at(-1));
};

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
  return groups.toSorted(inTurn(comparisons));
}

const valueFor = ({ expression }: GroupOrder, group: Row): Value => exactValue(expression, group);
