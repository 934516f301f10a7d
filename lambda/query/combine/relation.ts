import {
  type CatalogColumn,
  type CatalogEntity,
  type FieldType,
  isOpaque,
  type TermUnit,
} from '../../model/index.ts';
import { type Condition, createPredicate } from '../../stores/predicate.ts';
import type { Aggregate, AggregateGroup, FilterOrder, WordMatch } from '../../stores/store.ts';
import type { AggregateSelect, GroupOutput } from '../aggregate-shape.ts';
import type { RowsOrGroups } from '../read-select.ts';
import type { SelectOutput } from '../select-shape.ts';
import { type TypedExpression, typed } from './expression.ts';
import {
  bigint,
  type ColumnSqlType,
  decimal,
  float,
  mostDigits,
  type SqlType,
  text,
  timestamp,
  typeOfColumn,
} from './sql-type.ts';

/** One reading of an entity in a statement: a table in `from`, with what its rows are asked for. */
export interface Relation {
  /** Its table in the combine step. */
  readonly table: string;
  /** What the statement there knows it by. */
  readonly alias: string;
  readonly entity: CatalogEntity;
  /** Output by name: columns, and of matched words their rank and passages. */
  readonly used: Map<string, SelectOutput>;
  /** All that a row has to meet to matter: the placement that is read applies them exactly. */
  readonly conditions: Condition[];
  readonly matches: WordMatch[];
  /** Rows may be missing from a join without it: it stands on the side that nulls fill up. */
  isOptional: boolean;
  /** Where its rows are grouped, by all that is used of them, before they are combined. @default - rows are read */
  readonly grouping: Grouping | undefined;
  /** Where the first rows in an order are all that matter. @default - all rows do */
  top: TopRows | undefined;
}

export interface TopRows {
  readonly order: readonly FilterOrder[];
  readonly limit: number;
}

/** What else a relation is grouped by than its columns, and what its groups add up to; by their names. */
export interface Grouping {
  readonly buckets: Map<string, AggregateGroup>;
  readonly totals: Map<string, Aggregate>;
}

/** Columns of two relations that have to be equal for a row of `of` to matter. */
export interface JoinEdge {
  /** Whose rows may be narrowed. */
  readonly of: Relation;
  readonly column: CatalogColumn;
  /** By the values of which other. */
  readonly by: Relation;
  readonly byColumn: CatalogColumn;
}

/**
 * Adds a condition of `where`, or of a join whose rows without a match do not come from here.
 * A row of nothing but nulls that fills up an outer join must not pass it: then a row that fails it would
 * come back as nulls.
 *
 * @returns whether every row that is there now meets it, so that it need not be applied again
 */
export function narrow(relation: Relation, condition: Condition): boolean {
  if (relation.isOptional && createPredicate(condition)({}) === true) return false;
  relation.conditions.push(condition);
  return !relation.isOptional;
}

export function useColumn(relation: Relation, column: CatalogColumn): void {
  relation.used.set(column.name, { kind: 'column', name: column.name, column });
}

/** No column of an entity begins like this. */
const nameOfTotal = ({ function: of, column }: Omit<Aggregate, 'as'>): string =>
  column === undefined ? `_${of}` : `_${of}_${column.name}`;

/** What the rows of a group add up to, as a column of the relation's table. */
export function totalOf(
  { alias }: Relation,
  { totals }: Grouping,
  total: Omit<Aggregate, 'as'>,
): TypedExpression {
  const as = nameOfTotal(total);
  totals.set(as, { as, ...total });
  return typed(`${alias}.${as}`, typeOfTotal(total));
}

/** The start of the hour, day or month of a time, as a column of the relation's table that it is grouped by. */
export function bucketOf(
  { alias }: Relation,
  { buckets }: Grouping,
  column: CatalogColumn,
  unit: TermUnit,
): TypedExpression {
  const as = `_${unit}_${column.name}`;
  buckets.set(as, { as, column, unit });
  return typed(`${alias}.${as}`, timestamp);
}

/** Why grouping a relation's rows would be of no use, or is not known to be right. */
export function isVain({ entity, used, grouping }: Relation): boolean {
  if (grouping === undefined) return false;
  const hasStrange = [...used.values()].some(
    (output) => output.kind !== 'column' || isOpaque(output.column.type),
  );
  // Without a group there would be one row where there are none.
  const isWhole = used.size + grouping.buckets.size === 0;
  return hasStrange || isWhole || entity.key.every((column) => used.has(column));
}

/** The select of its rows, or of their groups. Without any column its key counts rows. */
export function selectOf({ entity, used, conditions, matches, grouping, top }: Relation): RowsOrGroups {
  const read = { entity, where: conditions, match: matches, limit: top?.limit, offset: 0 };
  if (grouping !== undefined) return { kind: 'aggregate', ...read, order: [], ...groupsOf(used, grouping) };
  const key = entity.columns.filter(({ name }) => entity.key.includes(name));
  const output: readonly SelectOutput[] =
    used.size > 0
      ? [...used.values()]
      : key.slice(0, 1).map((column) => ({ kind: 'column', name: column.name, column }));
  const order = (top?.order ?? []).map((term) => ({ kind: 'column', ...term }) as const);
  return { kind: 'rows', ...read, order, output };
}

function groupsOf(
  used: Relation['used'],
  { buckets, totals }: Grouping,
): Pick<AggregateSelect, 'groups' | 'aggregates' | 'output'> {
  const columns = [...used.values()].flatMap((output): AggregateGroup[] =>
    output.kind === 'column' ? [{ as: output.name, column: output.column, unit: 'value' }] : [],
  );
  const groups = [...columns, ...buckets.values()];
  const aggregates = [...totals.values()];
  const output = [
    ...groups.map((group): GroupOutput => ({ name: group.as, expression: { kind: 'group', group } })),
    ...aggregates.map(
      (aggregate): GroupOutput => ({ name: aggregate.as, expression: { kind: 'aggregate', aggregate } }),
    ),
  ];
  return { groups, aggregates, output };
}

/** The columns of its table in the combine step, by the names of its rows. */
export function tableColumns(
  relation: Relation,
): readonly { readonly name: string; readonly type: ColumnSqlType }[] {
  const select = selectOf(relation);
  if (select.kind === 'rows')
    return select.output.map((output) => ({ name: output.name, type: typeOfOutput(output) }));
  return [
    ...select.groups.map(({ as, column, unit }) => ({
      name: as,
      type: unit === 'value' ? typeOfColumn(column) : timestamp,
    })),
    ...select.aggregates.map((total) => ({ name: total.as, type: typeOfTotal(total) })),
  ];
}

function typeOfOutput(output: SelectOutput): ColumnSqlType {
  switch (output.kind) {
    case 'column':
      return typeOfColumn(output.column);
    case 'rank':
    case 'distance':
      return float;
    case 'highlight':
      return text;
  }
}

function typeOfTotal({ function: of, column }: Omit<Aggregate, 'as'>): ColumnSqlType {
  if (of === 'count' || column === undefined) return bigint;
  return of === 'sum' ? typeOfSum(column.type) : typeOfColumn(column);
}

/** PostgreSQL's type of a sum, of decimals with as many digits as are combined. */
export const typeOfSum = (type: SqlType | FieldType): ColumnSqlType =>
  type.kind === 'integer' ? bigint : decimal(mostDigits, type.kind === 'decimal' ? type.scale : 0);
