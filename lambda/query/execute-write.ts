import type { Row, Value } from '../change/change.ts';
import { createVersion, positionOf } from '../change/version.ts';
import type { Caller, Expecting, Written } from '../stores/store.ts';
import { type Answer, answerColumns, answerSql } from './answer.ts';
import type { QueryStores } from './query-stores.ts';
import { type Deadline, type Timer, withDeadline } from './timer.ts';
import { mergeParts, refuseTooMany, type TokenParts, writtenParts } from './tokens.ts';
import type { RowWritePlan, WritePlan } from './write-plan.ts';

export interface WriteRequest {
  readonly params: readonly Value[];
  readonly caller: Caller;
  readonly token: TokenParts;
  readonly maxRows: number;
  readonly deadline: Deadline;
  /** Of this function's configuration: the half of a version that the source does not know. */
  readonly generation: number;
}

export interface WriteResult {
  readonly answer: Answer;
  /** What a later read must see of this write. */
  readonly parts: TokenParts;
}

/**
 * Carries out a write at its source. A write is never tried again here: after `store_unavailable` or
 * `deadline_exceeded` it may or may not have happened.
 */
export async function executeWrite(
  plan: WritePlan,
  request: WriteRequest,
  stores: QueryStores,
  timer: Timer,
): Promise<WriteResult> {
  if (plan.kind === 'rows') {
    const { answers, parts } = await writeRows([plan], request, stores, timer);
    // As many answers as plans.
    return { answer: answers[0] as Answer, parts };
  }
  // Known before anything is written: the token of the answer must be able to hold it.
  refuseTooMany(request.token.rows.length + 1);
  const result = await withDeadline(
    stores.aurora.run({
      text: await plan.statement.render(),
      params: request.params,
      caller: request.caller,
      access: 'write',
      node: 'writer',
      timeoutMs: Math.max(1, request.deadline.remainingMs()),
      maxRows: request.maxRows,
      notBefore: undefined,
      notBeforeVersions: [],
    }),
    request.deadline,
    timer,
  );
  return { answer: answerSql(result), parts: { aurora: result.position, rows: [] } };
}

/** Carries out writes at the source that takes rows and full keys, all or none. An answer for each. */
export async function writeRows(
  plans: readonly Expecting<RowWritePlan>[],
  request: Pick<WriteRequest, 'token' | 'deadline' | 'generation'>,
  stores: QueryStores,
  timer: Timer,
): Promise<{ readonly answers: readonly Answer[]; readonly parts: TokenParts }> {
  refuseTooMany(request.token.rows.length + plans.reduce((rows, plan) => rows + rowsOf(plan), 0));
  const statements = plans.map(({ statement, rowCount }) => ({ ...statement, rowCount }));
  const written = await withDeadline(stores.dynamodb.writer.transact(statements), request.deadline, timer);
  const rowsBy = (index: number): readonly Written[] => written[index] ?? [];
  return {
    answers: plans.map(({ returning }, index) => {
      const rows = rowsBy(index);
      return answerColumns(returning, returning.length === 0 ? [] : rows.map(returned), rows.length);
    }),
    parts: mergeParts(
      plans.map(({ statement }, index) =>
        writtenParts(statement.entity, rowsBy(index), ({ version }) =>
          createVersion(request.generation, positionOf(version)),
        ),
      ),
    ),
  };
}

/** How many rows a plan may write at most. */
const rowsOf = ({ statement }: RowWritePlan): number =>
  statement.kind === 'insert' ? statement.rows.length : 1;

/** A deleted row is returned as it was. */
const returned = (written: Written): Row => written.row ?? written.before ?? written.key;
