import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Row } from '../../change/change.ts';
import { createVersion, type Version } from '../../change/version.ts';
import { PolystoreError } from '../../errors.ts';
import type { Catalog, CatalogEntity } from '../../model/index.ts';
import { arrange } from '../arrange.ts';
import { backOff } from '../backoff.ts';
import { inParallel } from '../in-parallel.ts';
import { notHeld } from '../placement.ts';
import { sliceShape } from '../slice.ts';
import type {
  ApplyResult,
  Clock,
  Placement,
  SliceFragment,
  SourceWriter,
  Store,
  VersionedRow,
} from '../store.ts';
import { type ConnectionOptions, createClient } from './connection.ts';
import { dynamodbError } from './errors.ts';
import { type DecodedItem, decodeItemOf, encodeItemKey, type Image, type Item } from './item.ts';
import { isEmptyRange, planQuery } from './read.ts';
import { planPuts } from './write.ts';
import { createWriter } from './writer.ts';

export interface DynamodbStoreOptions extends ConnectionOptions {
  readonly tableName: string;
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** The generation that this deployment captures with: items keep positions only. Default: 0. */
  readonly generation?: number;
}

export interface DynamodbStore extends Store {
  readonly writer: SourceWriter;
}

/** Requests in flight at once; as many as the SDK opens sockets. */
const requestsInFlight = 50;
/** The most keys of one BatchGetItem (AWS's limit). */
const keysPerBatch = 100;
const batchAttempts = 8;

/** The sources of the model's DynamoDB entities, in one table. */
export function createDynamodbStore(options: DynamodbStoreOptions): DynamodbStore {
  const { tableName, clock, generation = 0 } = options;
  const client = createClient(options, 3);
  // A conditional write that the SDK sent twice could lose against itself: the writer retries by itself.
  const once = createClient(options, 1);
  let closed = false;
  const run = async <T>(work: (client: DynamoDBClient) => Promise<T>): Promise<T> => {
    if (closed)
      throw new PolystoreError('store_unavailable', 'The DynamoDB store was closed. Make another one.');
    try {
      return await work(client);
    } catch (error) {
      throw dynamodbError(error);
    }
  };
  const held = (placement: Placement, what: string): CatalogEntity => {
    if (placement.target.kind !== 'dynamodb.source') throw notHeld('The DynamoDB store', placement, what);
    return placement.entity;
  };
  const versionOf = (item: DecodedItem): Version => createVersion(generation, item.position);

  return {
    name: 'dynamodb',
    capabilities: {
      sql: false,
      writesSources: true,
      orderedSlices: true,
      keepsVersions: true,
      maxBatch: 500,
      readYourWrites: 'always',
      underPartition:
        'The service keeps three copies and answers while two can agree; a caller that cannot reach it gets store_unavailable.',
    },
    connect: async () => {},
    apply: async (placement, changes) => {
      held(placement, 'apply to');
      const { puts, rejected } = planPuts(placement, changes, { tableName, generation, nowMs: clock() });
      const refused: ApplyResult['rejected'][number][] = [...rejected];
      const outcomes = await inParallel(puts, requestsInFlight, async ({ change, input }) => {
        try {
          await run((dynamodb) => dynamodb.send(new PutItemCommand(input)));
          return 1;
        } catch (error) {
          if (!(error instanceof PolystoreError)) throw error;
          if (error.cause instanceof ConditionalCheckFailedException) return 0;
          if (error.retryable || error.code === 'store_rejected') throw error;
          refused.push({ change, reason: error.message });
          return 0;
        }
      });
      const applied = outcomes.reduce<number>((sum, outcome) => sum + outcome, 0);
      return { applied, stale: changes.length - applied - refused.length, rejected: refused };
    },
    read: async (fragment) => {
      const entity = held(fragment.placement, 'read from');
      if (fragment.kind === 'slice')
        return run((dynamodb) => readSlice(dynamodb, fragment, { tableName, generation }));
      const found = await run((dynamodb) => getItems(dynamodb, { tableName, entity, keys: fragment.keys }));
      return [...found.values()].flatMap((item) =>
        item.kind === 'row' ? [{ row: item.row, version: versionOf(item) }] : [],
      );
    },
    versions: async (placement, keys) => {
      const entity = held(placement, 'look up versions in');
      const found = await run((dynamodb) => getItems(dynamodb, { tableName, entity, keys }));
      return keys.map((key) => {
        const item = found.get(itemText(encodeItemKey(entity, key)));
        return item === undefined ? undefined : versionOf(item);
      });
    },
    health: () =>
      run(async (dynamodb) => {
        await dynamodb.send(new DescribeTableCommand({ TableName: tableName }));
      }),
    close: async () => {
      closed = true;
      client.destroy();
      once.destroy();
    },
    writer: createWriter({ client: once, isClosed: () => closed, tableName, clock, generation }),
  };
}

const itemText = (key: Image): string => JSON.stringify([key.pk?.S, key.sk?.S]);

/** Items by their primary key, tombstones included, read consistently. */
async function getItems(
  client: DynamoDBClient,
  { tableName, entity, keys }: { tableName: string; entity: CatalogEntity; keys: readonly Row[] },
): Promise<ReadonlyMap<string, DecodedItem>> {
  const distinct = [
    ...new Map(keys.map((key) => encodeItemKey(entity, key)).map((key) => [itemText(key), key])).values(),
  ];
  const batches = Array.from({ length: Math.ceil(distinct.length / keysPerBatch) }, (_, number) =>
    distinct.slice(number * keysPerBatch, (number + 1) * keysPerBatch),
  );
  const items = await inParallel(batches, requestsInFlight, (batch) => getBatch(client, tableName, batch));
  return new Map(
    items
      .flat()
      .filter((item) => item.entity?.S === entity.name)
      .map((item) => [itemText(item), decodeItemOf(entity, item)]),
  );
}

async function getBatch(
  client: DynamoDBClient,
  tableName: string,
  keys: readonly Record<string, NonNullable<Item[string]>>[],
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

async function readSlice(
  client: DynamoDBClient,
  fragment: SliceFragment,
  { tableName, generation }: { tableName: string; generation: number },
): Promise<readonly VersionedRow[]> {
  const { entity } = fragment.placement;
  const shape = sliceShape(fragment);
  if (isEmptyRange(fragment, shape.sort)) return [];
  const { queries, ordered } = planQuery(fragment, shape, tableName);
  const limit = ordered ? fragment.limit : undefined;
  const parts = await inParallel(queries, requestsInFlight, async (query) => {
    const items = await queryItems(client, query, limit);
    return items.flatMap((image): VersionedRow[] => {
      const item = decodeItemOf(entity, image);
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
