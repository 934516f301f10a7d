import type { Row, Value } from '../change/change.ts';
import { type ErrorCode, PolystoreError } from '../errors.ts';
import type { FieldType } from '../model/index.ts';
import { aggregateRows } from '../stores/aggregate-rows.ts';
import { distanceOf } from '../stores/earth-distance.ts';
import { createPredicate } from '../stores/predicate.ts';
import type { SqlResult, VersionedRow } from '../stores/store.ts';
import { type AggregateSelect, orderGroups } from './aggregate-shape.ts';
import type { OutputColumn as OutputOfCombined } from './combine/compiler.ts';
import { answerValue, expressionType } from './group-expression.ts';
import type { Select } from './read-select.ts';
import { type OutputColumn, orderRows, type SelectOutput, scoreOf } from './select-shape.ts';
import { type TopSelect, topRows } from './top-shape.ts';

export interface AnswerColumn {
  readonly name: string;
  readonly type: FieldType['kind'] | 'other';
}

/** Rows by column name, in canonical values, and the columns in the order of the statement. */
export interface Answer {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly Row[];
  /** Rows answered by a read, written by a write. */
  readonly rowCount: number;
  /** Of a read that was allowed to be partial. @default - nothing is missing */
  readonly missing?: readonly Missing[];
}

/**
 * What could not be read, and what the answer lacks for it. Every row of a partial answer is, but for nulls in
 * `nullColumns`, a row of the whole one.
 */
export interface Missing {
  readonly entity: string;
  /** The placement that was asked first. */
  readonly placement: string;
  readonly code: ErrorCode;
  readonly reason: string;
  /** How many reads of the entity's rows there were, and how many of them failed. */
  readonly reads: { readonly failed: number; readonly of: number };
  /** Whether rows of the whole answer are not there; else each is, but for its `nullColumns`. */
  readonly absentRows: boolean;
  /** Whether of rows that are alike, or but for their `nullColumns`, there are fewer than in the whole answer. */
  readonly fewerRepeats: boolean;
  /** Columns of the answer that are null where their value was not read. */
  readonly nullColumns: readonly string[];
}

/** Applies all of a select to rows that hold every row it asks for. */
export function answerSelect(select: Select, found: readonly VersionedRow[], maxRows: number): Answer {
  const meets = createPredicate({ kind: 'and', of: select.where });
  const matching = found.filter(({ row }) => meets(row) === true);
  if (select.kind === 'aggregate') return answerGroups(select, aggregateRows(select, matching), maxRows);
  if (select.kind === 'top') return answerTop(select, matching, maxRows);
  const rows = cut(select, orderRows(matching, select.order), maxRows);
  return answerOf(select.output.map(columnOfOutput), rows, (row) =>
    select.output.map((output) => outputValue(output, row)),
  );
}

/** Applies the order and the bounds of a select to groups that hold every row it asks for. */
export function answerGroups(select: AggregateSelect, found: readonly Row[], maxRows: number): Answer {
  const groups = cut(select, orderGroups(found, select.order), maxRows);
  const columns = select.output.map(({ name, expression }) => ({ name, type: expressionType(expression) }));
  return answerOf(columns, groups, (group) =>
    select.output.map(({ expression }) => answerValue(expression, group)),
  );
}

function answerTop(select: TopSelect, matching: readonly VersionedRow[], maxRows: number): Answer {
  const rows = cut(select, topRows(select, matching), maxRows);
  const columns = select.output.map((output) => ({
    name: output.name,
    type: output.kind === 'column' ? output.column.type : ({ kind: 'bigint' } as const),
  }));
  return answerOf(columns, rows, ({ row: { row }, number }) =>
    select.output.map((output) => (output.kind === 'column' ? (row[output.column.name] ?? null) : number)),
  );
}

function columnOfOutput(output: SelectOutput): { readonly name: string; readonly type: FieldType } {
  switch (output.kind) {
    case 'column':
      return { name: output.name, type: output.column.type };
    case 'rank':
    case 'distance':
      return { name: output.name, type: { kind: 'float' } };
    case 'highlight':
      return { name: output.name, type: { kind: 'text' } };
  }
}

function outputValue(output: SelectOutput, found: VersionedRow): Value {
  switch (output.kind) {
    case 'column':
      return found.row[output.column.name] ?? null;
    case 'rank':
      return scoreOf(found);
    case 'highlight':
      return found.match?.highlights[output.column.name] ?? null;
    case 'distance':
      return distanceOf(output.distance, found.row);
  }
}

/** The part of what is in order that a select asks for. */
function cut<T>({ limit, offset }: Select, ordered: readonly T[], maxRows: number): readonly T[] {
  const rows = ordered.slice(offset, limit === undefined ? undefined : offset + limit);
  refuseTooManyRows(rows.length, maxRows);
  return rows;
}

/** @throws PolystoreError `result_too_large`. */
export function refuseTooManyRows(rows: number, maxRows: number): void {
  if (rows <= maxRows) return;
  throw new PolystoreError(
    'result_too_large',
    `The answer has more than ${maxRows} rows. Add a limit or a condition, or raise limits.maxRows.`,
  );
}

/** Projects whole rows to a list of columns. */
export function answerColumns(
  output: readonly OutputColumn[],
  rows: readonly Row[],
  rowCount: number,
): Answer {
  const answer = answerOf(output.map(columnOfOutput), rows, (row) =>
    output.map(({ column }) => row[column.name] ?? null),
  );
  return { ...answer, rowCount };
}

function answerOf<T>(
  columns: readonly { readonly name: string; readonly type: FieldType }[],
  rows: readonly T[],
  valuesOf: (row: T) => readonly Value[],
): Answer {
  const names = uniqueNames(columns.map(({ name }) => name));
  return {
    columns: columns.map(({ type: { kind } }, index) => ({
      name: names[index] ?? '',
      // As SQL stores know it: the same statement has the same columns whatever answers it.
      type: kind === 'oneOf' ? 'text' : kind,
    })),
    rows: rows.map((row) =>
      Object.fromEntries(valuesOf(row).map((value, index) => [names[index] ?? '', value])),
    ),
    rowCount: rows.length,
  };
}

/** The answer that a SQL store gave. */
export const answerSql = ({ columns, rows, rowCount }: Omit<SqlResult, 'position'>): Answer => ({
  ...namedRows(columns, rows),
  rowCount,
});

/** The answer that was combined. */
export const answerRows = (
  columns: readonly OutputOfCombined[],
  rows: readonly (readonly Value[])[],
): Answer => ({
  ...namedRows(answerColumnsOf(columns), rows),
  rowCount: rows.length,
});

/** The columns of what is combined, which may have a name twice. */
export const answerColumnsOf = (columns: readonly OutputOfCombined[]): SqlResult['columns'] =>
  columns.map(({ name, type: { kind } }) => ({ name, type: kind === 'average' ? 'decimal' : kind }));

function namedRows(
  columns: SqlResult['columns'],
  rows: readonly (readonly Value[])[],
): Pick<Answer, 'columns' | 'rows'> {
  const named = namedColumns(columns);
  return {
    columns: named,
    rows: rows.map((values) =>
      Object.fromEntries(values.map((value, index) => [named[index]?.name ?? '', value])),
    ),
  };
}

/** The columns of a SQL store as an answer has them: no name twice. */
export function namedColumns(columns: SqlResult['columns']): readonly AnswerColumn[] {
  const names = uniqueNames(columns.map(({ name }) => name));
  return columns.map(({ type }, index) => ({ name: names[index] ?? '', type }));
}

/**
 * Column names as a row has them: PostgreSQL allows the same name twice, an object does not, so the
 * second `name` is `name_2`, or the next number that is free.
 */
function uniqueNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name);
      return name;
    }
    let number = 2;
    while (taken.has(`${name}_${number}`)) number += 1;
    const unique = `${name}_${number}`;
    taken.add(unique);
    return unique;
  });
}
