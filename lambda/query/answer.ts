import type { Row } from '../change/change.ts';
import { PolystoreError } from '../errors.ts';
import type { FieldType } from '../model/index.ts';
import { createPredicate } from '../stores/predicate.ts';
import type { SqlResult, VersionedRow } from '../stores/store.ts';
import { type OutputColumn, orderRows, type SimpleSelect } from './select-shape.ts';

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
}

/** Applies all of a select to rows that hold every row it asks for. */
export function answerSelect(select: SimpleSelect, found: readonly VersionedRow[], maxRows: number): Answer {
  const meets = createPredicate({ kind: 'and', of: select.where });
  const matching = found.map(({ row }) => row).filter((row) => meets(row) === true);
  const end = select.limit === undefined ? undefined : select.offset + select.limit;
  const rows = orderRows(matching, select.order).slice(select.offset, end);
  refuseTooManyRows(rows.length, maxRows);
  return answerRows(select.output, rows, rows.length);
}

/** @throws PolystoreError `result_too_large`. */
function refuseTooManyRows(rows: number, maxRows: number): void {
  if (rows <= maxRows) return;
  throw new PolystoreError(
    'result_too_large',
    `The answer has more than ${maxRows} rows. Add a limit or a condition, or raise limits.maxRows.`,
  );
}

/** Projects rows to the columns of a select or a `returning` list. */
export function answerRows(output: readonly OutputColumn[], rows: readonly Row[], rowCount: number): Answer {
  const names = uniqueNames(output.map(({ name }) => name));
  return {
    columns: output.map(({ column }, index) => ({
      name: names[index] ?? '',
      // As SQL stores know it: the same statement has the same columns whatever answers it.
      type: column.type.kind === 'oneOf' ? 'text' : column.type.kind,
    })),
    rows: rows.map((row) =>
      Object.fromEntries(output.map(({ column }, index) => [names[index] ?? '', row[column.name] ?? null])),
    ),
    rowCount,
  };
}

/** The answer that a SQL store gave. */
export function answerSql(result: SqlResult): Answer {
  const names = uniqueNames(result.columns.map(({ name }) => name));
  return {
    columns: result.columns.map(({ type }, index) => ({ name: names[index] ?? '', type })),
    rows: result.rows.map((values) =>
      Object.fromEntries(values.map((value, index) => [names[index] ?? '', value])),
    ),
    rowCount: result.rowCount,
  };
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
