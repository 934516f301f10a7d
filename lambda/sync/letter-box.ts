import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../errors.ts';
import type { Clock } from '../stores/store.ts';
import {
  type ClosedLetter,
  closedLetters,
  type KeptLetter,
  type LetterPlace,
  type LetterRef,
  openLetters,
  parseLetter,
  parsePlace,
  type SeenLetter,
} from './letter-item.ts';

/** Dead letters to look at, to retry and to close. */
export interface LetterBox {
  /** A page of the letters that are open in a scope, or that were closed, the latest first. */
  list(request: ListLetters): Promise<LetterPage>;
  /** Of which records letters are open in a scope. */
  places(scope: Pick<LetterRef, 'store' | 'scope'>): Promise<readonly LetterPlace[]>;
  /** An open letter; undefined when there is none by that name. */
  find(letter: LetterRef): Promise<KeptLetter | undefined>;
  /** Closes a letter and keeps it for 90 days; false when it was seen again meanwhile, or closed by someone else. */
  close(letter: SeenLetter, how: Omit<ClosedLetter, 'at'>): Promise<boolean>;
  /** Notes that retrying was in vain, and when to try next. */
  postpone(letter: KeptLetter, why: { readonly reason: string; readonly nextTryMs: number }): Promise<void>;
}

export interface ListLetters {
  readonly store: string;
  readonly scope: string;
  readonly closed?: boolean;
  readonly after: string | undefined;
  readonly limit: number;
}
export interface LetterPage {
  readonly letters: readonly KeptLetter[];
  /** Opaque. */
  readonly next: string | undefined;
}

export interface LetterBoxOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}

const keepClosedSeconds = 90 * 24 * 3600;

export function createLetterBox({ client, table, clock }: LetterBoxOptions): LetterBox {
  const guarded = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new PolystoreError(
        'store_unavailable',
        `The table of dead letters '${table}' failed while ${doing}: ${error instanceof Error ? error.message : String(error)}. Try again.`,
        { cause: error },
      );
    }
  };
  const keyOf = ({ store, scope, id }: LetterRef) => ({
    pk: { S: openLetters(store, scope) },
    sk: { S: id },
  });
  const read = (letter: LetterRef) =>
    client.send(new GetItemCommand({ TableName: table, Key: keyOf(letter), ConsistentRead: true }));

  return {
    list: ({ store, scope, closed = false, after, limit }) =>
      guarded('listing letters', async () => {
        const { Items: items = [], LastEvaluatedKey: last } = await client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: {
              ':pk': { S: closed ? closedLetters(store, scope) : openLetters(store, scope) },
            },
            Limit: limit,
            // Closed ones begin with when that was.
            ScanIndexForward: !closed,
            ConsistentRead: true,
            ...(after !== undefined && { ExclusiveStartKey: decodeCursor(after) }),
          }),
        );
        return { letters: items.map(parseLetter), next: last && encodeCursor(last) };
      }),
    places: ({ store, scope }) =>
      guarded('looking for holes', async () => {
        const places: LetterPlace[] = [];
        let from: Record<string, AttributeValue> | undefined;
        do {
          const page = await client.send(
            new QueryCommand({
              TableName: table,
              KeyConditionExpression: 'pk = :pk',
              ExpressionAttributeValues: { ':pk': { S: openLetters(store, scope) } },
              // Not their records, which may be large.
              ProjectionExpression: 'pk, sk, topic, #partition, #offset',
              ExpressionAttributeNames: { '#partition': 'partition', '#offset': 'offset' },
              ExclusiveStartKey: from,
              ConsistentRead: true,
            }),
          );
          places.push(...(page.Items ?? []).map(parsePlace));
          from = page.LastEvaluatedKey;
        } while (from !== undefined);
        return places;
      }),
    find: (letter) =>
      guarded('reading a letter', async () => {
        const { Item: item } = await read(letter);
        return item && parseLetter(item);
      }),
    close: (letter, { outcome, note }) =>
      guarded('closing a letter', async () => {
        const { Item: item } = await read(letter);
        if (item === undefined) return false;
        const at = new Date(clock()).toISOString();
        try {
          await client.send(
            new TransactWriteItemsCommand({
              TransactItems: [
                {
                  Put: {
                    TableName: table,
                    Item: {
                      ...item,
                      pk: { S: closedLetters(letter.store, letter.scope) },
                      sk: { S: `${at}#${letter.id}`.slice(0, 1_000) },
                      id: { S: letter.id },
                      outcome: { S: outcome },
                      note: { S: note.slice(0, 4_000) },
                      closed_at: { S: at },
                      expires: { N: String(Math.floor(clock() / 1000) + keepClosedSeconds) },
                    },
                  },
                },
                {
                  Delete: {
                    TableName: table,
                    Key: keyOf(letter),
                    // What was seen again since it was looked at may have another cause.
                    ConditionExpression: 'times_seen = :seen',
                    ExpressionAttributeValues: { ':seen': { N: String(letter.timesSeen) } },
                  },
                },
              ],
            }),
          );
          return true;
        } catch (error) {
          if (isRefused(error)) return false;
          throw error;
        }
      }),
    postpone: (letter, { reason, nextTryMs }) =>
      guarded('postponing a letter', async () => {
        try {
          await client.send(
            new UpdateItemCommand({
              TableName: table,
              Key: keyOf(letter),
              ConditionExpression: 'attribute_exists(pk)',
              UpdateExpression: 'SET reason = :reason, next_try = :next ADD attempts :one',
              ExpressionAttributeValues: {
                ':reason': { S: reason.slice(0, 4_000) },
                ':next': { S: new Date(nextTryMs).toISOString() },
                ':one': { N: '1' },
              },
            }),
          );
        } catch (error) {
          // It was closed meanwhile, and so it stays.
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
        }
      }),
  };
}

/** Whether a condition, and nothing else, made a transaction fail. */
const isRefused = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code: code }) => code === 'ConditionalCheckFailed');

type Cursor = Record<string, AttributeValue>;
const encodeCursor = (key: Cursor): string => Buffer.from(JSON.stringify(key)).toString('base64url');

function decodeCursor(text: string): Cursor {
  try {
    // `encodeCursor` made it; DynamoDB refuses what is no key.
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Cursor;
  } catch (cause) {
    throw new PolystoreError(
      'invalid_request',
      `'${text.slice(0, 40)}' is no cursor of a page of dead letters. Give the 'next' of the page before.`,
      { cause },
    );
  }
}
