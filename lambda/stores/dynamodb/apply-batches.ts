import {
  BatchExecuteStatementCommand,
  type BatchStatementError,
  type BatchStatementResponse,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Change } from '../../change/change.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import { inParallel } from '../in-parallel.ts';
import { requestsInFlight } from './connection.ts';
import { dynamodbError, invalidItem, isThrottledStatement } from './errors.ts';
import type { Item } from './item.ts';
import { type Expected, renderStatement, statementsPerBatch } from './statements.ts';
import { putIfLower } from './write.ts';

export interface ItemWrite {
  readonly change: Change;
  readonly item: Item;
}

/** What became of a write. */
export type WriteOutcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'rejected'; readonly reason: string };

/**
 * Puts items under rule 1, at most one of a key; outcomes are in the order of the writes.
 * @throws what DynamoDB throws, and PolystoreError `store_unavailable` when a write was throttled in each try.
 */
export type ApplyBatches = (
  entity: CatalogEntity,
  writes: readonly ItemWrite[],
) => Promise<readonly WriteOutcome[]>;

export interface ApplyBatchesOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly random: () => number;
}

/** A throttled statement waits 10 ms to 320 ms between tries; ten take two seconds. */
const attempts = 10;

/**
 * Writes with PartiQL, 25 statements a request. A statement needs to know whether an item is there, which
 * a change does not say: what most of the last batch met is expected of the next one, and a write that met
 * the other goes again by the other statement.
 */
export function createApplyBatches({ client, tableName, random }: ApplyBatchesOptions): ApplyBatches {
  /** Of an entity, by its name. A first load and a backfill meet nothing. */
  const expectations = new Map<string, Expected>();

  const putAlone = async ({ item }: ItemWrite): Promise<WriteOutcome> => {
    try {
      await client.send(new PutItemCommand(putIfLower(tableName, item)));
      return { kind: 'applied' };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { kind: 'stale' };
      const ours = dynamodbError(error);
      if (ours.retryable || ours.code === 'store_rejected') throw ours;
      return { kind: 'rejected', reason: ours.message };
    }
  };

  const sendBatch = async (
    entity: CatalogEntity,
    batch: readonly Try[],
  ): Promise<readonly (WriteOutcome | Again)[]> => {
    const statements = batch.map(({ write, expected }) =>
      renderStatement(tableName, entity, write.item, expected),
    );
    const whole = statements.filter((statement) => statement !== undefined);
    if (whole.length < statements.length) return Promise.all(batch.map(({ write }) => putAlone(write)));
    try {
      const { Responses = [] } = await client.send(new BatchExecuteStatementCommand({ Statements: whole }));
      return batch.map((each, index) => readResponse(each, Responses[index]));
    } catch (error) {
      // The request as a whole is malformed by one of its items: alone each is told from the others.
      if (error instanceof DynamoDBServiceException && error.name === 'ValidationException')
        return Promise.all(batch.map(({ write }) => putAlone(write)));
      throw error;
    }
  };

  const learn = (
    entity: CatalogEntity,
    batch: readonly Try[],
    answers: readonly (WriteOutcome | Again)[],
  ) => {
    const surprised = answers.filter((answer) => answer.kind === 'met').length;
    const first = batch[0];
    if (first !== undefined && surprised * 2 > batch.length)
      expectations.set(entity.name, opposite(first.expected));
  };

  return async (entity, writes) => {
    const outcomes: WriteOutcome[] = [];
    let left: readonly Try[] = writes.map((write, index) => ({
      ...{ write, index, expected: expectations.get(entity.name) ?? 'absent' },
      ...{ throttled: 0, met: 0 },
    }));
    while (left.length > 0) {
      const again: Try[] = [];
      await inParallel(batchesOf(left), requestsInFlight, async (batch) => {
        const answers = await sendBatch(entity, batch);
        learn(entity, batch, answers);
        for (const [at, each] of batch.entries()) {
          const answer = answers[at];
          if (answer === undefined) throw unanswered(batch.length, answers.length);
          if (answer.kind === 'met' || answer.kind === 'throttled') again.push(nextTry(each, answer, entity));
          else outcomes[each.index] = answer;
        }
      });
      const waits = Math.max(0, ...again.map(({ throttled }) => throttled));
      if (waits > 0) await backOff(waits, random);
      left = again;
    }
    return outcomes;
  };
}

/** A write that is to be tried. */
interface Try {
  readonly write: ItemWrite;
  readonly index: number;
  readonly expected: Expected;
  readonly throttled: number;
  /** How often it met what was not expected. */
  readonly met: number;
}

type Again =
  /** Something is there where nothing was expected, or nothing where something was. */
  { readonly kind: 'met' } | { readonly kind: 'throttled'; readonly reason: string };

const opposite = (expected: Expected): Expected => (expected === 'absent' ? 'present' : 'absent');

function nextTry(each: Try, answer: Again, { name }: CatalogEntity): Try {
  const next =
    answer.kind === 'met'
      ? { ...each, expected: opposite(each.expected), met: each.met + 1 }
      : { ...each, throttled: each.throttled + 1 };
  if (next.throttled < attempts && next.met < attempts) return next;
  const reason =
    answer.kind === 'met' ? 'the item comes and goes between two requests' : `it says: ${answer.reason}`;
  throw new PolystoreError(
    'store_unavailable',
    `DynamoDB did not take a change of ${name} in ${attempts} tries; ${reason}. The same changes may be sent again`,
  );
}

function readResponse(
  { write, expected }: Try,
  response: BatchStatementResponse | undefined,
): WriteOutcome | Again {
  if (response === undefined) return { kind: 'throttled', reason: 'no answer to one of the statements' };
  const { Error: error } = response;
  return error === undefined ? { kind: 'applied' } : readError(error, write, expected);
}

function readError(error: BatchStatementError, write: ItemWrite, expected: Expected): WriteOutcome | Again {
  const message = `${error.Code}: ${error.Message}`;
  if (isThrottledStatement(error)) return { kind: 'throttled', reason: message };
  switch (error.Code) {
    case 'DuplicateItem':
      return { kind: 'met' };
    case 'ConditionalCheckFailed':
      // Without an item it was no version that the condition failed by.
      return expected === 'present' && error.Item === undefined ? { kind: 'met' } : { kind: 'stale' };
    case 'ValidationError':
    case 'ItemCollectionSizeLimitExceeded':
      return { kind: 'rejected', reason: invalidItem(error.Message ?? '', error).message };
    default:
      throw new PolystoreError(
        'store_rejected',
        `DynamoDB refused a change of ${write.change.entity} (${message})`,
        { cause: error },
      );
  }
}

/** Batches of writes that expect the same, so that a batch can tell what most of it met. */
const batchesOf = (left: readonly Try[]): readonly (readonly Try[])[] =>
  (['absent', 'present'] as const).flatMap((expected) => {
    const same = left.filter((each) => each.expected === expected);
    return Array.from({ length: Math.ceil(same.length / statementsPerBatch) }, (_, at) =>
      same.slice(at * statementsPerBatch, (at + 1) * statementsPerBatch),
    );
  });

const unanswered = (asked: number, answered: number): PolystoreError =>
  new PolystoreError('internal', `${asked} writes to DynamoDB got ${answered} answers`);
