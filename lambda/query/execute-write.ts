import type { Row, Value } from '../change/change.ts';
import { createVersion, positionOf } from '../change/version.ts';
import type { CatalogEntity } from '../model/index.ts';
import type { Caller, Written } from '../stores/store.ts';
import { type Answer, answerSql, answerWritten } from './answer.ts';
import type { QueryStores } from './query-stores.ts';
import type { OutputColumn } from './select-shape.ts';
import { type Deadline, type Timer, withDeadline } from './timer.ts';
import { noParts, refuseTooMany, type TokenParts, writtenParts } from './tokens.ts';
import type { WritePlan } from './write-plan.ts';

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
  // Known before anything is written: the token of the answer must be able to hold it.
  refuseTooMany(request.token.rows.length + (plan.kind === 'insert' ? plan.rows.length : 1));
  return withDeadline(write(plan, request, stores), request.deadline, timer);
}

async function write(plan: WritePlan, request: WriteRequest, stores: QueryStores): Promise<WriteResult> {
  const { writer } = stores.dynamodb;
  const done = (
    entity: CatalogEntity,
    returning: readonly OutputColumn[],
    written: readonly Written[],
  ): WriteResult => ({
    answer: answerWritten(returning, returning.length === 0 ? [] : written.map(returned), written.length),
    parts: writtenParts(entity, written, ({ version }) =>
      createVersion(request.generation, positionOf(version)),
    ),
  });
  switch (plan.kind) {
    case 'sql': {
      const result = await stores.aurora.run({
        text: await plan.statement.render(),
        params: request.params,
        caller: request.caller,
        access: 'write',
        node: 'writer',
        timeoutMs: Math.max(1, request.deadline.remainingMs()),
        maxRows: request.maxRows,
        notBefore: undefined,
        notBeforeVersions: [],
      });
      return { answer: answerSql(result), parts: { aurora: result.position, rows: [] } };
    }
    case 'insert':
      return done(plan.entity, plan.returning, await writer.insert(plan.entity, plan.rows));
    case 'update':
      return done(plan.entity, plan.returning, some(await writer.update(plan.entity, plan.key, plan.set)));
    case 'delete':
      return done(plan.entity, plan.returning, some(await writer.delete(plan.entity, plan.key)));
    case 'nothing':
      return { answer: answerWritten(plan.returning, [], 0), parts: noParts };
  }
}

const some = (written: Written | undefined): readonly Written[] => (written === undefined ? [] : [written]);

/** A deleted row is returned as it was. */
const returned = (written: Written): Row => written.row ?? written.before ?? written.key;
