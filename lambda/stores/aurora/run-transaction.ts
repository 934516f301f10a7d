import type pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import { ofStatement, requireRowCount } from '../statement-error.ts';
import type { SqlResult, SqlTransaction, SqlTransactionResult } from '../store.ts';
import { auroraError } from './errors.ts';
import { canonicalResult } from './result.ts';
import { committedPosition, fetchAtMost, marginMs, reachPosition, readOnlyRefusal } from './run.ts';
import { inTransaction } from './transaction.ts';

type RunStatement = Omit<SqlResult, 'position'>;

/** Runs a caller's statements on the writer, as that caller, all in one transaction and by one deadline. */
export async function runTransaction(
  pool: pg.Pool,
  transaction: SqlTransaction,
): Promise<SqlTransactionResult> {
  const { caller: actor, access, isolation, timeoutMs } = transaction;
  const options = { actor, access, isolation, timeoutMs, giveUpMs: timeoutMs + marginMs };
  const endMs = performance.now() + timeoutMs;
  const results = await inTransaction(pool, options, (client) =>
    runStatements(client, transaction, () => endMs - performance.now()),
  ).catch((error: unknown) => {
    throw retryable(readOnlyRefusal(error, transaction));
  });
  return { results, position: access === 'read' ? undefined : await committedPosition(pool) };
}

async function runStatements(
  client: pg.PoolClient,
  { statements, maxRows, notBefore }: SqlTransaction,
  remainingMs: () => number,
): Promise<readonly RunStatement[]> {
  if (notBefore !== undefined)
    await reachPosition(client, { notBefore: { position: notBefore, waitMs: 0 } }, 0);
  const results: RunStatement[] = [];
  let rows = 0;
  for (const [index, { text, params, rowCount }] of statements.entries()) {
    try {
      // The first has all of the time, by which the transaction was entered.
      if (index > 0) await limitTime(client, remainingMs());
      const fetched = await fetchAtMost(client, { text, params, maxRows }, maxRows - rows);
      requireRowCount(rowCount, fetched.rowCount);
      rows += fetched.rows.length;
      results.push({ ...canonicalResult(fetched.fields, fetched.rows), rowCount: fetched.rowCount });
    } catch (error) {
      throw ofStatement(auroraError(error), { index, of: statements.length });
    }
  }
  return results;
}

/** For what comes next, until the end of the transaction. */
async function limitTime(client: pg.PoolClient, ms: number): Promise<void> {
  await client.query("select pg_catalog.set_config('statement_timeout', $1, true)", [
    String(Math.max(1, Math.trunc(ms))),
  ]);
}

/** What lost against other transactions, at its end too, was not done, and may be sent as it is. */
function retryable(error: unknown): unknown {
  if (!(error instanceof PolystoreError) || error.code !== 'contended') return error;
  return new PolystoreError('contended', `${error.message}; nothing was done. Send the same again`, {
    cause: error,
    details: error.details,
  });
}
