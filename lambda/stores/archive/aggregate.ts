import type { DuckDBValue } from '@duckdb/node-api';
import type { Row, Value } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import { type CatalogColumn, isOpaque } from '../../model/index.ts';
import { conditionColumns } from '../condition-columns.ts';
import { fromDuckdb, isTextDecimal, scaledText } from '../duckdb-values.ts';
import { type Bin, binStart } from '../grouping.ts';
import { microsecondsOf } from '../instants.ts';
import { heldColumns } from '../placement.ts';
import { quoteName } from '../sql-quote.ts';
import type { Aggregate, AggregateFragment, AggregateGroup } from '../store.ts';
import { renderAll } from './condition.ts';
import { joinSumParts, sortKey, sumParts } from './decimal.ts';
import { createParameters, type Statement } from './parameters.ts';
import { renderVisible } from './read.ts';

/** One member of an answer: the expressions that it is made of, and how. */
interface Output {
  readonly as: string;
  readonly expressions: readonly string[];
  decode(values: readonly DuckDBValue[]): Value;
}

export interface AggregatePlan {
  readonly groups: readonly Output[];
  readonly aggregates: readonly Output[];
}

/** @throws `not_supported` for groups, sums and extremes of JSON. */
export const planAggregate = (fragment: AggregateFragment): AggregatePlan => ({
  groups: fragment.groups.map(planGroup),
  aggregates: fragment.aggregates.map(planOne),
});

/** The groups of the rows in these files, `maxGroups` and one more at most. */
export function renderAggregate(
  { placement, where, maxGroups, groups, aggregates }: AggregateFragment,
  plan: AggregatePlan,
  files: readonly string[],
): Statement {
  const parameters = createParameters();
  const named = [
    ...groups.map(({ column }) => column),
    ...aggregates.flatMap(({ column }) => (column === undefined ? [] : [column])),
  ].map(({ name }) => name);
  const tested = conditionColumns(where);
  const columns = heldColumns(placement).filter(
    ({ name }) => named.includes(name) || tested.has(name) || placement.entity.key.includes(name),
  );
  const visible = renderVisible({ placement, columns, where, files, parameters });
  const grouping = plan.groups.flatMap(({ expressions }) => expressions);
  const outputs = [...grouping, ...plan.aggregates.flatMap(({ expressions }) => expressions)];
  return parameters.statement(
    [
      // Without groups and aggregates there is still a row for all.
      `select ${outputs.length === 0 ? 'count(*)' : outputs.join(', ')} from (${visible})`,
      `where ${renderAll(where, parameters)}`,
      ...(grouping.length === 0 ? [] : [`group by ${grouping.join(', ')}`]),
      `limit ${maxGroups + 1}`,
    ].join(' '),
  );
}

/** The groups out of the columns of an answer. */
export function groupsOf(
  { groups, aggregates }: AggregatePlan,
  answer: readonly (readonly DuckDBValue[])[],
): readonly Row[] {
  const count = answer[0]?.length ?? 0;
  return Array.from({ length: count }, (_, index) => {
    let at = 0;
    return Object.fromEntries(
      [...groups, ...aggregates].map(({ as, expressions, decode }) => {
        const values = expressions.map(() => answer[at++]?.[index] ?? null);
        return [as, decode(values)];
      }),
    );
  });
}

function planGroup({ as, column, unit }: AggregateGroup): Output {
  refuseOpaque(column, 'groups by');
  const name = quoteName(column.name);
  if (unit === 'value')
    return { as, expressions: [name], decode: ([value = null]) => fromDuckdb(column.type, value) };
  if (typeof unit === 'object' && unit.kind === 'quotient') {
    const whole = `CAST(${name} AS HUGEINT)`;
    return {
      as,
      expressions: [`CAST(sign(${whole}) * (abs(${whole}) // ${unit.divisor}) AS BIGINT)`],
      decode: ([value = null]) => fromDuckdb(column.type, value),
    };
  }
  // Without a time zone, so that days are those of the calendar that canonical timestamps have, in every year.
  const local =
    column.type.kind === 'date' ? `CAST(${name} AS TIMESTAMP)` : `make_timestamp(epoch_us(${name}))`;
  return {
    as,
    expressions: [
      typeof unit === 'object' ? renderBin(unit, local) : `epoch_us(date_trunc('${unit}', ${local}))`,
    ],
    decode: ([micros = null]) => (micros === null ? null : binStart(BigInt(String(micros)))),
  };
}

/** Microseconds of the start of the bin that a timestamp lies in, the one before it where it lies before the origin. */
function renderBin({ width, origin }: Bin, timestamp: string): string {
  const since = `(CAST(epoch_us(${timestamp}) AS HUGEINT) - ${microsecondsOf(origin)})`;
  return `CAST(${since} - ((${since} % ${width}) + ${width}) % ${width} + ${microsecondsOf(origin)} AS BIGINT)`;
}

function planOne({ as, function: of, column }: Aggregate): Output {
  const digits = ([value = null]: readonly DuckDBValue[]): Value => (value === null ? null : String(value));
  if (column === undefined) return { as, expressions: ['count(*)'], decode: digits };
  const name = quoteName(column.name);
  if (of === 'count') return { as, expressions: [`count(${name})`], decode: digits };
  refuseOpaque(column, `takes the ${of} of`);
  if (of === 'count distinct') return { as, expressions: [`count(DISTINCT ${name})`], decode: digits };
  if (of === 'sum') return planSum(as, column);
  return {
    as,
    expressions: [
      isTextDecimal(column.type) ? `arg_${of}(${name}, ${sortKey(column.type, name)})` : `${of}(${name})`,
    ],
    decode: ([value = null]) => fromDuckdb(column.type, value),
  };
}

function planSum(as: string, { name, type }: CatalogColumn): Output {
  switch (type.kind) {
    case 'integer':
    case 'bigint':
      return {
        as,
        expressions: [`CAST(sum(${quoteName(name)}) AS VARCHAR)`],
        decode: ([value = null]) => (value === null ? null : String(value)),
      };
    case 'float':
      return {
        as,
        expressions: [`sum(${quoteName(name)})`],
        decode: ([value = null]) => fromDuckdb(type, value),
      };
    case 'decimal': {
      const parts = sumParts(type, name);
      return {
        as,
        expressions: parts.map((part) => `CAST(${part} AS VARCHAR)`),
        decode: (values) => {
          if (values.includes(null)) return null;
          // One part is DuckDB's own decimal, with its point in its place.
          if (parts.length === 1) return String(values[0]);
          return scaledText(joinSumParts(values.map((value) => BigInt(String(value)))), type.scale);
        },
      };
    }
    default:
      throw new PolystoreError('not_supported', `${name} is of type ${type.kind}, which has no sum.`);
  }
}

function refuseOpaque({ name, type }: CatalogColumn, what: string): void {
  if (isOpaque(type))
    throw new PolystoreError(
      'not_supported',
      `The statement ${what} ${name} of type ${type.kind}; the archive only counts its values.`,
    );
}
