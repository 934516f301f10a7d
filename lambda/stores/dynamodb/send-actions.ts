import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  PutItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../../errors.ts';
import { backOff } from '../backoff.ts';
import { isThrottled } from './errors.ts';
import type { encodeItemKey, Image, Item } from './item.ts';
import { checkIfSame, putIfSame } from './write.ts';

/** What is done to one item if it is still as it was read: at this version, or not there. */
export type Action =
  | { readonly kind: 'put'; readonly item: Item; readonly old: bigint | undefined }
  | {
      readonly kind: 'check';
      readonly key: ReturnType<typeof encodeItemKey>;
      readonly old: bigint | undefined;
    };

export type Sent =
  | { readonly kind: 'written' }
  /** Nothing was written; which conditions failed, and the item that was found there. */
  | {
      readonly kind: 'lost';
      readonly failed: readonly { readonly index: number; readonly image: Image | undefined }[];
    };

export interface SendOptions {
  readonly tableName: string;
  readonly token: string;
  readonly random: () => number;
}

/** How often a transaction is sent whose answer does not say what came of it. */
const unclearAttempts = 5;

/** Sends actions, all or none. Conflicts and throttling are outcomes: nothing was written. */
export async function sendActions(
  client: DynamoDBClient,
  actions: readonly Action[],
  options: SendOptions,
): Promise<Sent> {
  const [only] = actions;
  if (actions.length !== 1 || only?.kind !== 'put') return sendTransaction(client, actions, options);
  try {
    await client.send(new PutItemCommand(putIfSame(options.tableName, only.item, only.old)));
    return { kind: 'written' };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException)
      return { kind: 'lost', failed: [{ index: 0, image: error.Item }] };
    if (isThrottled(error)) return { kind: 'lost', failed: [] };
    throw error;
  }
}

/**
 * Sends a transaction until it is known what came of it: DynamoDB knows one again by its token for ten minutes, and does
 * not do it twice (docs: TransactWriteItems, "Idempotency"). Once an answer was unclear, only two are clear: that it is
 * done, and that a condition failed. The conditions name versions, which never come again, so one that failed fails an
 * earlier copy too that arrives late; a conflict or throttling says nothing of such a copy.
 *
 * @throws what the last answer was, when none is clear: the outcome is unknown.
 */
async function sendTransaction(
  client: DynamoDBClient,
  actions: readonly Action[],
  { tableName, token, random }: SendOptions,
): Promise<Sent> {
  const command = new TransactWriteItemsCommand({
    TransactItems: actions.map((action) => renderAction(tableName, action)),
    ClientRequestToken: token,
  });
  let unclear = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(command);
      return { kind: 'written' };
    } catch (error) {
      const lost = outcomeOf(error);
      if (lost !== undefined && (!unclear || lost.failed.length > 0)) return lost;
      unclear ||= isUnclear(error);
      if (!unclear || attempt === unclearAttempts) throw outcomeUnknown(error, unclear);
    }
    await backOff(attempt, random);
  }
}

/** What an answer says was not written; undefined where it says nothing of it. */
function outcomeOf(error: unknown): Extract<Sent, { readonly kind: 'lost' }> | undefined {
  if (error instanceof TransactionCanceledException) return cancelled(error);
  return isThrottled(error) && !isInProgress(error) ? { kind: 'lost', failed: [] } : undefined;
}

/** No answer, a broken one, or that another copy of it is under way. */
const isUnclear = (error: unknown): boolean =>
  !(error instanceof PolystoreError) &&
  (!(error instanceof DynamoDBServiceException) || error.$fault === 'server' || isInProgress(error));

const isInProgress = (error: unknown): boolean =>
  error instanceof DynamoDBServiceException && error.name === 'TransactionInProgressException';

function outcomeUnknown(error: unknown, unclear: boolean): unknown {
  if (!unclear) return error;
  return new PolystoreError(
    'store_unavailable',
    `DynamoDB did not say in ${unclearAttempts} tries what came of a transaction (${error instanceof Error ? error.message : String(error)}); it was done whole or not at all`,
    { cause: error },
  );
}

function renderAction(tableName: string, action: Action): TransactWriteItem {
  return action.kind === 'put'
    ? { Put: { ...putIfSame(tableName, action.item, action.old) } }
    : { ConditionCheck: checkIfSame(tableName, action.key, action.old) };
}

function cancelled(error: TransactionCanceledException): Extract<Sent, { readonly kind: 'lost' }> {
  const reasons = error.CancellationReasons ?? [];
  const invalid = reasons.find(
    ({ Code }) => Code === 'ValidationError' || Code === 'ItemCollectionSizeLimitExceeded',
  );
  if (invalid !== undefined)
    throw new PolystoreError('invalid_value', `DynamoDB refused a row of the write: ${invalid.Message}`, {
      cause: error,
    });
  return {
    kind: 'lost',
    failed: reasons.flatMap(({ Code, Item }, index) =>
      Code === 'ConditionalCheckFailed' ? [{ index, image: Item }] : [],
    ),
  };
}
