import type { Value } from '../change/change.ts';
import type { Isolation } from '../stores/isolation.ts';
import { type Answer, answerSql } from './answer.ts';
import { type WriteRequest, writeRows } from './execute-write.ts';
import { settled, type TransactionPlan } from './plan-transaction.ts';
import type { QueryStores } from './query-stores.ts';
import { type Timer, withDeadline } from './timer.ts';
import { noParts, refuseTooMany, type TokenParts } from './tokens.ts';

export interface ExecutedTransaction extends Omit<WriteRequest, 'params'> {
  /** Of the statements, in their order. */
  readonly given: readonly { readonly params: readonly Value[]; readonly rowCount: number | undefined }[];
  readonly isolation: Isolation;
}

export interface TransactionResult {
  /** In the order of the statements. */
  readonly answers: readonly Answer[];
  /** What a later read must see of all of them. */
  readonly parts: TokenParts;
  /** What it was done with: DynamoDB's transactions are serializable, whatever is asked for. */
  readonly isolation: Isolation;
}

/** Carries out statements at their source, all or none. It is never tried again here, as a write is not. */
export async function executeTransaction(
  plan: TransactionPlan,
  request: ExecutedTransaction,
  stores: QueryStores,
  timer: Timer,
): Promise<TransactionResult> {
  const { given, caller, token, maxRows, deadline } = request;
  if (plan.kind === 'rows') {
    const plans = plan.plans.map((one, index) => ({ ...one, rowCount: given[index]?.rowCount }));
    return { ...(await writeRows(plans, request, stores, timer)), isolation: 'serializable' };
  }
  const writes = plan.statements.some(({ access }) => access === 'write');
  // Known before anything is done: the token of the answer must be able to hold it.
  refuseTooMany(token.rows.length);
  const texts = settled(await Promise.allSettled(plan.statements.map((statement) => statement.render())));
  const statements = texts.map((text, index) => ({
    text,
    params: given[index]?.params ?? [],
    rowCount: given[index]?.rowCount,
  }));
  const { results, position } = await withDeadline(
    stores.aurora.transact({
      statements,
      caller,
      access: writes ? 'write' : 'read',
      isolation: request.isolation,
      timeoutMs: Math.max(1, deadline.remainingMs()),
      maxRows,
      notBefore: token.aurora,
    }),
    deadline,
    timer,
  );
  return {
    answers: results.map(answerSql),
    parts: position === undefined ? noParts : { aurora: position, rows: [] },
    isolation: request.isolation,
  };
}
