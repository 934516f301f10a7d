import pg from 'pg';
import { type ErrorCode, PolystoreError } from '../../errors.ts';
import { checkViolated } from '../row-checks.ts';
import { declaredCheck } from './names.ts';

/** SQLSTATE, or the class of it, to our code. The longest match counts. */
const codes: Readonly<Record<string, ErrorCode>> = {
  '08': 'store_unavailable',
  '0A': 'not_supported',
  '21': 'invalid_value',
  '22': 'invalid_value',
  '23': 'conflict',
  '23502': 'invalid_value',
  '23514': 'invalid_value',
  // A writer that has become a reader answers this until the endpoint follows.
  '25006': 'store_unavailable',
  '40': 'contended',
  '42': 'invalid_sql',
  '42501': 'forbidden',
  '42703': 'unknown_column',
  '42P01': 'unknown_entity',
  '42883': 'not_supported',
  '53': 'store_unavailable',
  '54': 'invalid_value',
  '55P03': 'contended',
  '57': 'store_unavailable',
  '57014': 'deadline_exceeded',
};

export const sqlState = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

/** What the driver throws, as ours. Whatever is no answer of PostgreSQL is a failed connection. */
export function auroraError(error: unknown): PolystoreError {
  if (error instanceof PolystoreError) return error;
  const message = error instanceof Error ? error.message || error.name : String(error);
  const state = sqlState(error);
  if (state === undefined)
    return new PolystoreError(
      'store_unavailable',
      `PostgreSQL did not answer (${message}); of a write the outcome is unknown`,
      { cause: error, told: 'PostgreSQL did not answer; of a write the outcome is unknown.' },
    );
  const broken = brokenCheck(error);
  if (broken !== undefined) return broken;
  // A standby that must replay what a reader holds up ends the reader, with the state of a lost race.
  const code = message.includes('conflict with recovery')
    ? 'store_unavailable'
    : (codes[state] ?? codes[state.slice(0, 2)] ?? 'store_rejected');
  const detail = error instanceof pg.DatabaseError && state.startsWith('23') ? error.detail : undefined;
  return new PolystoreError(
    code,
    `PostgreSQL says: ${message}${detail === undefined ? '' : ` ${detail}`} (SQLSTATE ${state})`,
    { cause: error, details: { sqlState: state } },
  );
}

/** A check of the model, told as the other stores tell it: without the row, which PostgreSQL's detail has. */
function brokenCheck(error: unknown): PolystoreError | undefined {
  if (!(error instanceof pg.DatabaseError) || error.code !== '23514') return undefined;
  const check = declaredCheck(error.constraint ?? '');
  if (check === undefined) return undefined;
  const { message, details } = checkViolated(error.table ?? '', check, undefined);
  return new PolystoreError('check_violated', message, {
    cause: error,
    details: { ...details, sqlState: error.code },
  });
}

/** The data of one row is at fault, so the others can be written without it. */
export function isRowAtFault(error: unknown): boolean {
  const state = sqlState(error) ?? '';
  return (
    (state.startsWith('22') || state.startsWith('23') || state.startsWith('54')) && !isNoPartition(error)
  );
}

/** Lost against another transaction; the same again can succeed. */
export const isContention = (error: unknown): boolean =>
  ['40001', '40P01', '55P03'].includes(sqlState(error) ?? '');

/** A table is not there (any more): a build was dropped. */
export const isMissingTable = (error: unknown): boolean => sqlState(error) === '42P01';

/** No partition for a row: PostgreSQL reports it as a failed check. */
export const isNoPartition = (error: unknown): boolean =>
  sqlState(error) === '23514' &&
  error instanceof Error &&
  error.message.startsWith('no partition of relation');
