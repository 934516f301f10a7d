import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Row } from '../../change/change.ts';
import { createVersion } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { CatalogEntity } from '../../model/index.ts';
import { arrange } from '../arrange.ts';
import { backOff } from '../backoff.ts';
import { inParallel } from '../in-parallel.ts';
import { sliceColumns, sliceShape } from '../slice.ts';
import type { SliceFragment, VersionedRow } from '../store.ts';
import { requestsInFlight } from './connection.ts';
import { type DecodedItem, decodeItemOf, encodeItemKey, type Image, type Item } from './item.ts';
import { isEmptyRange, planQuery } from './read.ts';

/** The most keys of one BatchGetItem (AWS's limit). */
const keysPerBatch = 100;
const batchAttempts = 8;

/** Equal for equal primary keys. */
export const itemText = (key: Image): string => JSON.stringify([key.pk?.S, key.sk?.S]);

interface KeysRequest {
  readonly tableName: string;
  readonly entity: CatalogEntity;
  readonly keys: readonly Row[];
}

/** Items by their primary key, tombstones included, read consistently. */
export async function getItems(
  client: DynamoDBClient,
  request: KeysRequest,
): Promise<ReadonlyMap<string, DecodedItem>> {
  const { entity } = request;
  return new Map(
    (await getImages(client, request))
      .filter((item) => item.entity?.S === entity.name)
      .map((item) => [itemText(item), decodeItemOf(entity, item)]),
  );
}

/** What lies under the primary keys of some keys, of whatever entity, read consistently. */
export async function getImages(
  client: DynamoDBClient,
  { tableName, entity, keys }: KeysRequest,
): Promise<readonly Item[]> {
  const distinct = [
    ...new Map(keys.map((key) => encodeItemKey(entity, key)).map((key) => [itemText(key), key])).values(),
  ];
  const batches = Array.from({ length: Math.ceil(distinct.length / keysPerBatch) }, (_, number) =>
    distinct.slice(number * keysPerBatch, (number + 1) * keysPerBatch),
  );
  const items = await inParallel(batches, requestsInFlight, (batch) => getBatch(client, tableName, batch));
  return items.flat();
}

async function getBatch(
  client: DynamoDBClient,
  tableName: string,
  keys: readonly Record<string, AttributeValue>[],
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let rest = [...keys];
  for (let attempt = 1; rest.length > 0; attempt += 1) {
    if (attempt > batchAttempts)
      throw new PolystoreError(
        'store_unavailable',
        `DynamoDB left ${rest.length} of ${keys.length} keys unread in each of ${batchAttempts} tries. Try again`,
      );
    if (attempt > 1) await backOff(attempt - 1);
    const answer = await client.send(
      new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys: rest, ConsistentRead: true } } }),
    );
    items.push(...(answer.Responses?.[tableName] ?? []));
    rest = [...(answer.UnprocessedKeys?.[tableName]?.Keys ?? [])];
  }
  return items;
}

/** The rows of a slice, from all the partitions that it is spread over. */
export async function readSlice(
  client: DynamoDBClient,
  fragment: SliceFragment,
  { tableName, generation }: { tableName: string; generation: number },
): Promise<readonly VersionedRow[]> {
  const { entity } = fragment.placement;
  const shape = sliceShape(fragment);
  if (isEmptyRange(fragment, shape.sort)) return [];
  const { queries, ordered } = planQuery(fragment, shape, tableName);
  const limit = ordered ? fragment.limit : undefined;
  const held = sliceColumns(fragment);
  const parts = await inParallel(queries, requestsInFlight, async (query) => {
    const items = await queryItems(client, query, limit);
    return items.flatMap((image): VersionedRow[] => {
      const item = decodeItemOf(entity, image, held);
      return item.kind === 'row'
        ? [{ row: item.row, version: createVersion(generation, item.position) }]
        : [];
    });
  });
  return arrange(fragment, shape, parts.flat());
}

/** Pages through a query until it has so many items or there are no more. */
async function queryItems(
  client: DynamoDBClient,
  query: QueryCommandInput,
  limit: number | undefined,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const answer = await client.send(
      new QueryCommand({
        ...query,
        ...(limit === undefined ? {} : { Limit: Math.max(limit - items.length, 1) }),
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    items.push(...(answer.Items ?? []));
    start = answer.LastEvaluatedKey;
  } while (start !== undefined && (limit === undefined || items.length < limit));
  return items;
}
