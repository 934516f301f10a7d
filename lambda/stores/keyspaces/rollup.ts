import type { Value } from '../../change/change.ts';
import {
  type CatalogColumn,
  type CatalogEntity,
  type CatalogMetric,
  columnOf,
  type KeyspacesRollupPlacement,
  parseValue,
  termValue,
} from '../../model/index.ts';
import { conditionColumns } from '../condition-columns.ts';
import { type Grouping, sayGrouping } from '../grouping.ts';
import { notHeld } from '../placement.ts';
import type { Condition } from '../predicate.ts';
import type { Aggregate, AggregateFragment, AggregateGroup, Placement } from '../store.ts';
import { compareText, identityOf, stepValue } from '../value-order.ts';

/** The most months that one answer reads, of each metric: a partition each. */
const maxMonths = 240;

/** Where in a rollup the answer to an aggregate lies. */
export interface RollupPlan {
  readonly kind: 'answered';
  /** The tenant as partitions name it. */
  readonly tenant: string;
  /** `2013-01`, ascending. With each of `metrics` a partition to read. */
  readonly months: readonly string[];
  readonly metrics: readonly CatalogMetric[];
  /** The first hour (`2013-01-01T00`) and the one after the last. */
  readonly fromHour: string;
  readonly toHour: string;
  /** The metric that each aggregate is of, in the order of the fragment's. */
  readonly metricOf: readonly CatalogMetric[];
  /** Columns that the conditions fix, with their values. */
  readonly fixed: ReadonlyMap<string, Value>;
}

/** Why a rollup cannot answer; the rest of the sentence "the rollup cannot answer: …". */
export interface RollupRefusal {
  readonly kind: 'refused';
  readonly reason: string;
}

/** Stands for the tenant in the partitions of reference data, which has none. */
export const sharedTenant = '@shared';

/** @throws `not_supported` for a placement that is no rollup. */
export function rollupOf(placement: Placement): KeyspacesRollupPlacement {
  const { target } = placement;
  if (target.kind === 'keyspaces.rollup') return target;
  throw notHeld('The Keyspaces store', placement, 'add up rows of');
}

/**
 * Decides whether a rollup answers an aggregate exactly, and from where: its conditions must be the
 * tenant, a range of the bucket's column from one full hour to another, and the values that one metric
 * counts by; its groups whole hours of that column, or what they add up to, or columns that the conditions fix.
 */
export function planRollup(fragment: AggregateFragment): RollupPlan | RollupRefusal {
  const { placement, match } = fragment;
  const { entity } = placement;
  const { bucket, metrics } = rollupOf(placement);
  if (match.length > 0) return refused('it holds no texts to match words in');
  const conditions = readConditions(fragment.where, bucket.column);
  if (conditions.kind === 'refused') return conditions;
  const { fixed, from, to } = conditions;

  const tenant = entity.tenant === undefined ? sharedTenant : fixed.get(entity.tenant);
  if (tenant === undefined)
    return refused(`its partitions are by ${entity.tenant}, which no condition fixes`);
  if (from === undefined || to === undefined)
    return refused(`it needs a range of ${bucket.column}: ${bucket.column} >= … and ${bucket.column} < …`);
  if (!isFullHour(from) || !isFullHour(to))
    return refused(`it keeps hours, and the range of ${bucket.column} does not begin and end at full hours`);
  const months = monthsOf(from, to);
  if (months === undefined) return refused(`the range of ${bucket.column} is over ${maxMonths} months`);

  const alike = metrics.filter((metric) => countsBy(entity, metric, fixed));
  if (alike.length === 0) return refused(`no metric counts by ${sayFixed(entity, fixed)}`);
  const group = fragment.groups.find((each) => !isHeld(each, bucket.column, fixed));
  if (group !== undefined) return refused(`it has no groups by ${sayGrouping(group)}`);
  const metricOf: CatalogMetric[] = [];
  for (const aggregate of fragment.aggregates) {
    const metric = alike.find((candidate) => answers(entity, candidate, aggregate));
    if (metric === undefined)
      return refused(`no metric gives ${sayAggregate(aggregate)} by ${sayFixed(entity, fixed)}`);
    metricOf.push(metric);
  }
  const [first] = alike;
  const read = metricOf.length > 0 || first === undefined ? metricOf : [first];
  return {
    kind: 'answered',
    tenant: String(tenant),
    months,
    metrics: [...new Set(read)],
    fromHour: termValue('hour', from),
    toHour: termValue('hour', to),
    metricOf,
    fixed,
  };
}

const refused = (reason: string): RollupRefusal => ({ kind: 'refused', reason });

interface Conditions {
  readonly kind: 'read';
  readonly fixed: ReadonlyMap<string, Value>;
  /** Inclusive. */
  readonly from: string | undefined;
  /** Exclusive. */
  readonly to: string | undefined;
}

function readConditions(where: readonly Condition[], bucketColumn: string): Conditions | RollupRefusal {
  const fixed = new Map<string, Value>();
  let from: string | undefined;
  let to: string | undefined;
  for (const condition of where.flatMap(conjuncts)) {
    const equal = equality(condition);
    if (equal !== undefined && equal.column.name !== bucketColumn) {
      const { column, value } = equal;
      const held = fixed.get(column.name);
      if (held !== undefined && identityOf(column.type, held) !== identityOf(column.type, value))
        return refused(`${column.name} cannot be two values at once`);
      fixed.set(column.name, value);
      continue;
    }
    const bound = boundOf(condition, bucketColumn);
    if (bound === undefined)
      return refused(`it cannot apply a condition on ${[...conditionColumns([condition])].join(', ')}`);
    // Of several bounds the sharpest counts.
    if (bound.side === 'from') from = from === undefined || compareText(from, bound.at) < 0 ? bound.at : from;
    else to = to === undefined || compareText(to, bound.at) > 0 ? bound.at : to;
  }
  return { kind: 'read', fixed, from, to };
}

const conjuncts = (condition: Condition): readonly Condition[] =>
  condition.kind === 'and' ? condition.of.flatMap(conjuncts) : [condition];

function equality(
  condition: Condition,
): { readonly column: CatalogColumn; readonly value: Value } | undefined {
  const { column, value } =
    condition.kind === 'compare' && condition.operator === '='
      ? condition
      : condition.kind === 'in' && condition.values.length === 1
        ? { column: condition.column, value: condition.values[0] ?? null }
        : { column: undefined, value: null };
  return column === undefined || value === null ? undefined : { column, value };
}

function boundOf(
  condition: Condition,
  column: string,
): { readonly side: 'from' | 'to'; readonly at: string } | undefined {
  if (condition.kind !== 'compare' || condition.column.name !== column || condition.value === null)
    return undefined;
  const { type } = condition.column;
  const next = stepValue(type, condition.value, 1);
  switch (condition.operator) {
    case '>=':
      return { side: 'from', at: String(condition.value) };
    case '<':
      return { side: 'to', at: String(condition.value) };
    case '>':
      return next === undefined ? undefined : { side: 'from', at: String(next) };
    case '<=':
      return next === undefined ? undefined : { side: 'to', at: String(next) };
    default:
      return undefined;
  }
}

const isFullHour = (timestamp: string): boolean => timestamp.endsWith(':00:00.000000Z');

/** The months of the hours from one to another, which is not included; undefined when they are too many. */
function monthsOf(from: string, to: string): readonly string[] | undefined {
  const months: string[] = [];
  const end = termValue('hour', to);
  for (
    let month = termValue('month', from);
    compareText(`${month}-01T00`, end) < 0;
    month = nextMonth(month)
  ) {
    months.push(month);
    if (months.length > maxMonths) return undefined;
  }
  return months;
}

function nextMonth(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const next = number === 12 ? [year + 1, 1] : [year, number + 1];
  return `${String(next[0]).padStart(4, '0')}-${String(next[1]).padStart(2, '0')}`;
}

/** The canonical value that a metric counts rows by; models may write `1` where a row holds `'1'`. */
export const countedValue = (
  entity: CatalogEntity,
  { column, value }: CatalogMetric['where'][number],
): Value => parseValue(columnOf(entity, column), value);

/** Whether a metric counts exactly the rows that the fixed columns select, within a tenant. */
function countsBy(entity: CatalogEntity, metric: CatalogMetric, fixed: ReadonlyMap<string, Value>): boolean {
  const wanted = [...fixed].filter(([column]) => column !== entity.tenant);
  return (
    wanted.length === metric.where.length &&
    metric.where.every((each) => {
      const { type } = columnOf(entity, each.column);
      const value = fixed.get(each.column);
      return value !== undefined && identityOf(type, value) === identityOf(type, countedValue(entity, each));
    })
  );
}

/** Whether a metric holds what an aggregate asks for. Each row has a value of a column that is not optional. */
function answers(entity: CatalogEntity, metric: CatalogMetric, { function: of, column }: Aggregate): boolean {
  if (of === 'count distinct') return false;
  if (column !== undefined && metric.column === column.name) return true;
  const everyRow = metric.column === undefined || !columnOf(entity, metric.column).optional;
  return of === 'count' && everyRow && !column?.optional;
}

const isHeld = (
  { column, unit }: AggregateGroup,
  bucketColumn: string,
  fixed: ReadonlyMap<string, Value>,
): boolean => (unit === 'value' ? fixed.has(column.name) : column.name === bucketColumn && isOfHours(unit));

/** Whether every hour lies in one group. */
function isOfHours(unit: Exclude<Grouping, 'value'>): boolean {
  if (typeof unit === 'object')
    return unit.kind === 'bin' && isFullHour(unit.origin) && BigInt(unit.width) % microsecondsOfHour === 0n;
  return unit !== 'second' && unit !== 'minute';
}
const microsecondsOfHour = 3_600_000_000n;

const sayAggregate = ({ function: of, column }: Aggregate): string => `${of}(${column?.name ?? '*'})`;

function sayFixed(entity: CatalogEntity, fixed: ReadonlyMap<string, Value>): string {
  const values = [...fixed].filter(([column]) => column !== entity.tenant);
  return values.length === 0
    ? 'nothing but time'
    : values.map(([column, value]) => `${column} = ${JSON.stringify(value)}`).join(' and ');
}
