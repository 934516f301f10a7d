import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Key, Row } from '../../change/change.ts';
import { createVersion } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { backOff } from '../backoff.ts';
import { conflict, contended, keyOf, parseInsert, parseKey, parseUpdate } from '../source-write.ts';
import type { Clock, SourceWriter, Written } from '../store.ts';
import { dynamodbError, isThrottled } from './errors.ts';
import {
  type DecodedItem,
  decodeItemOf,
  encodeItemKey,
  encodeRow,
  encodeTombstone,
  type Image,
} from './item.ts';
import type { ServiceClock } from './service-clock.ts';
import { putIfSame } from './write.ts';

export interface WriterContext {
  /** Sends once: a write that was sent twice could lose against itself. */
  readonly client: DynamoDBClient;
  readonly isClosed: () => boolean;
  readonly tableName: string;
  readonly clock: Clock;
  readonly generation: number;
  /** Refuses to go on by a clock that is off; asks the service first if nothing was heard of it lately. */
  readonly requireClock: ServiceClock['require'];
  /** Spreads the tries of writers that meet: 0 to 1. */
  readonly random: () => number;
}

/**
 * How often a write is tried against other writers of the same row: a dozen that never pause all get
 * through, and it ends within some seven seconds.
 */
const writeAttempts = 40;

/** Conditional writes: each says what it read, and is tried again when that has changed. */
export function createWriter(context: WriterContext): SourceWriter {
  const { client, tableName, clock, generation, random, requireClock } = context;
  /** Later than the old version, and no earlier than the clock: microseconds. */
  const nextPosition = (old: bigint | undefined): bigint => {
    const now = BigInt(Math.trunc(clock())) * 1000n;
    return old === undefined || now > old ? now : old + 1n;
  };
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (context.isClosed())
      throw new PolystoreError('store_unavailable', 'The DynamoDB store was closed. Make another one.');
    try {
      return await work();
    } catch (error) {
      throw dynamodbError(error);
    }
  };
  const readItem = async (entity: CatalogEntity, key: Key): Promise<DecodedItem | undefined> => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: encodeItemKey(entity, key), ConsistentRead: true }),
    );
    return Item === undefined ? undefined : ownItem(entity, Item);
  };

  /** Replaces a live row by what `put` makes of it. */
  const replace = (
    entity: CatalogEntity,
    key: Key,
    put: (
      before: Row,
      position: bigint,
    ) => { readonly item: ReturnType<typeof encodeRow>; readonly row: Row | undefined },
  ): Promise<Written | undefined> =>
    run(async () => {
      for (let attempt = 1; attempt <= writeAttempts; attempt += 1) {
        if (attempt > 1) await backOff(attempt - 1, random);
        // Read after the wait, not taken from the lost try: the shorter before the put, the likelier it holds.
        const old = await withoutThrottling(() => readItem(entity, key));
        if (old === 'again') continue;
        if (old === undefined || old.kind === 'tombstone') return undefined;
        await requireClock(() => readItem(entity, key));
        const position = nextPosition(old.position);
        const { item, row } = put(old.row, position);
        const outcome = await send(client, [putIfSame(tableName, item, old.position)]);
        if (outcome.kind === 'written')
          return { key, row, before: old.row, version: createVersion(generation, position) };
      }
      throw contended(entity, key, writeAttempts);
    });

  return {
    insert: (entity, input) =>
      run(async () => {
        const rows = parseInsert(entity, input);
        /** Positions of tombstones that stand where rows shall be. */
        const old = new Map<number, bigint>();
        for (let attempt = 1; attempt <= writeAttempts && rows.length > 0; attempt += 1) {
          if (attempt > 1) await backOff(attempt - 1, random);
          await requireClock(() => readItem(entity, keyOf(entity, rows[0] ?? {})));
          const positions = rows.map((_, index) => nextPosition(old.get(index)));
          const puts = rows.map((row, index) =>
            putIfSame(tableName, encodeRow(entity, row, positions[index] ?? 0n), old.get(index)),
          );
          const outcome = await send(client, puts);
          if (outcome.kind === 'written')
            return rows.map((row, index) => ({
              key: keyOf(entity, row),
              row,
              before: undefined,
              version: createVersion(generation, positions[index] ?? 0n),
            }));
          const taken: Key[] = [];
          for (const { index, image } of outcome.failed) {
            const row = rows[index];
            if (row === undefined) continue;
            const found = image === undefined ? undefined : ownItem(entity, image);
            if (found?.kind === 'row') taken.push(keyOf(entity, row));
            else if (found === undefined) old.delete(index);
            else old.set(index, found.position);
          }
          if (taken.length > 0) throw conflict(entity, taken);
        }
        const [first] = rows;
        if (first === undefined) return [];
        throw contended(entity, keyOf(entity, first), writeAttempts);
      }),
    update: async (entity, input, set) => {
      const key = parseKey(entity, input);
      const changes = parseUpdate(entity, set);
      return replace(entity, key, (before, position) => {
        const row = { ...before, ...changes };
        return { row, item: encodeRow(entity, row, position) };
      });
    },
    delete: async (entity, input) =>
      replace(entity, parseKey(entity, input), (before, position) => ({
        row: undefined,
        item: encodeTombstone(entity, before, position, clock()),
      })),
  };
}

/** @throws `store_rejected` when the primary key holds an item of another entity. */
function ownItem(entity: CatalogEntity, image: Image): DecodedItem {
  if (image.entity?.S === entity.name) return decodeItemOf(entity, image);
  throw new PolystoreError(
    'store_rejected',
    `The item ${image.pk?.S} / ${image.sk?.S} is of '${image.entity?.S}' and stands where a row of ${entity.name} belongs; give the entities' key templates different texts`,
  );
}

type Outcome =
  | { readonly kind: 'written' }
  /** Nothing was written; which conditions failed, and the item that was found there. */
  | {
      readonly kind: 'lost';
      readonly failed: readonly { readonly index: number; readonly image: Image | undefined }[];
    };

/** Sends conditional puts, all or none. Conflicts and throttling are outcomes: nothing was written. */
async function send(client: DynamoDBClient, puts: readonly PutItemCommandInput[]): Promise<Outcome> {
  const [only] = puts;
  try {
    if (only !== undefined && puts.length === 1) await client.send(new PutItemCommand(only));
    else
      await client.send(
        new TransactWriteItemsCommand({ TransactItems: puts.map((put) => ({ Put: { ...put } })) }),
      );
    return { kind: 'written' };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException)
      return { kind: 'lost', failed: [{ index: 0, image: error.Item }] };
    if (error instanceof TransactionCanceledException) return cancelled(error);
    if (isThrottled(error)) return { kind: 'lost', failed: [] };
    throw error;
  }
}

function cancelled(error: TransactionCanceledException): Outcome {
  const reasons = error.CancellationReasons ?? [];
  const invalid = reasons.find(
    ({ Code }) => Code === 'ValidationError' || Code === 'ItemCollectionSizeLimitExceeded',
  );
  if (invalid !== undefined)
    throw new PolystoreError('invalid_value', `DynamoDB refused a row of the insert: ${invalid.Message}`, {
      cause: error,
    });
  return {
    kind: 'lost',
    failed: reasons.flatMap(({ Code, Item }, index) =>
      Code === 'ConditionalCheckFailed' ? [{ index, image: Item }] : [],
    ),
  };
}

async function withoutThrottling<T>(work: () => Promise<T>): Promise<T | 'again'> {
  try {
    return await work();
  } catch (error) {
    if (isThrottled(error)) return 'again';
    throw error;
  }
}
