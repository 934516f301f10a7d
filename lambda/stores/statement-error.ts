import { PolystoreError } from '../errors.ts';

/** The error of one of several statements, with its number: from 1. */
export function ofStatement(
  error: PolystoreError,
  { index, of }: { readonly index: number; readonly of: number },
): PolystoreError {
  if (of === 1) return error;
  return new PolystoreError(error.code, `Statement ${index + 1} of ${of}: ${error.message}`, {
    cause: error,
    told: `Statement ${index + 1} of ${of}: ${error.told.message}`,
    details: { ...error.told.details, statement: index + 1 },
  });
}

/** @throws `precondition_failed` when a statement met another number of rows than it was said to. */
export function requireRowCount(expected: number | undefined, rowCount: number): void {
  if (expected === undefined || expected === rowCount) return;
  throw new PolystoreError(
    'precondition_failed',
    `it met ${rowCount} row(s) and is to meet ${expected} (rowCount); nothing was written`,
    { details: { rowCount, expected } },
  );
}
