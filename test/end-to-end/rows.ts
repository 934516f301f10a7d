/** Rows of a source or a view by an id of ours; a test compares two of them. */
export type Rows = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export interface Difference {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly different: readonly string[];
}

/** Compares row by row and column by column. */
export function compareRows(expected: Rows, actual: Rows): Difference {
  return {
    missing: [...expected.keys()].filter((id) => !actual.has(id)),
    extra: [...actual.keys()].filter((id) => !expected.has(id)),
    different: [...expected.keys()].filter(
      (id) => actual.has(id) && canonical(expected.get(id)) !== canonical(actual.get(id)),
    ),
  };
}

export const countOf = ({ missing, extra, different }: Difference): number =>
  missing.length + extra.length + different.length;

/** JSON with its members in one order, at every depth. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** The rows by the values of some columns. */
export function rowsBy(columns: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): Rows {
  return new Map(rows.map((row) => [columns.map((column) => String(row[column])).join('|'), row]));
}

export const pick = (
  columns: readonly string[],
  row: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
