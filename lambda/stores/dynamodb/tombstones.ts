import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Row } from '../../change/change.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { inParallel } from '../in-parallel.ts';
import type { Clock } from '../store.ts';
import { type ConnectionOptions, createClient } from './connection.ts';
import { dynamodbError } from './errors.ts';
import { encodeTombstone } from './item.ts';
import { putIfSame } from './write.ts';

/** An item that somebody took out of the table instead of writing a tombstone. */
export interface RemovedItem {
  readonly entity: CatalogEntity;
  /** What it was: at least its key and immutable columns. */
  readonly row: Row;
  /** Of the delete, in microseconds: one above the version that was removed. */
  readonly position: bigint;
}

/** The port by which capture puts tombstones where items were removed by others. */
export interface Tombstones {
  /**
   * Puts the tombstone of each item in its place, if that is still empty: what was written since is newer.
   * @returns for each item, in order, whether it is done; false where DynamoDB did not take the request.
   */
  put(items: readonly RemovedItem[]): Promise<readonly boolean[]>;
}

const atOnce = 10;

/** Tombstones in the model's table. */
export function createTombstones(
  options: ConnectionOptions & { readonly tableName: string; readonly clock: Clock },
): Tombstones {
  const { tableName, clock } = options;
  const client = createClient(options, 3);
  return {
    put: (items) =>
      inParallel(items, atOnce, async ({ entity, row, position }) => {
        const item = encodeTombstone(entity, row, position, clock());
        try {
          const put = putIfSame(tableName, item, undefined);
          // Nothing is read: the function that captures may put items and see none.
          await client.send(new PutItemCommand({ ...put, ReturnValuesOnConditionCheckFailure: 'NONE' }));
          return true;
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) return true;
          const known = dynamodbError(error);
          if (known.retryable) return false;
          throw known;
        }
      }),
  };
}
