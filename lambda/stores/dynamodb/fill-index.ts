import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { PolystoreError } from '../../errors.ts';
import { type Catalog, type CatalogEntity, entitiesOfIndex } from '../../model/index.ts';
import { dynamodbLimits } from '../../model/limits.ts';
import { backOff } from '../backoff.ts';
import { inParallel } from '../in-parallel.ts';
import { contended } from '../source-write.ts';
import type { FillPage, Unreadable } from '../view-store.ts';
import { requestsInFlight } from './connection.ts';
import { dynamodbError } from './errors.ts';
import { type DecodedItem, decodeItemOf, encodeIndexKeys, type Item, sourceOf } from './item.ts';
import { renderPosition, type ScanPosition, scanItems } from './scan.ts';
import { putIndexKeys } from './write.ts';

export interface FillContext {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly catalog: Catalog;
  /** Spreads the tries against other writers: 0 to 1. */
  readonly random: () => number;
}

/** Whoever writes an item meanwhile writes the keys too, unless it is of a deployment that did not know the index. */
const attempts = 10;

/**
 * Gives the items of one page the keys of a global index that they lack. An item keeps its version: equal versions
 * carry equal rows, and the keys are made of the row, so this is no change of it.
 */
export async function fillPage(
  context: FillContext,
  { index, limit }: { readonly index: string; readonly limit: number },
  position: ScanPosition,
): Promise<FillPage> {
  const { client, tableName, catalog } = context;
  const entities = new Map(entitiesOfIndex(catalog, index).map((entity) => [entity.name, entity]));
  const page = await scanItems(client, { tableName, entities: [...entities.values()], limit }, position);
  const outcomes = await inParallel(page.items, requestsInFlight, async (item) => {
    const entity = entities.get(item.entity?.S ?? '');
    if (entity === undefined) throw new TypeError(`a scan of ${index} gave an item of '${item.entity?.S}'`);
    return fillItem(context, { entity, index }, item);
  });
  return {
    read: outcomes.length,
    filled: outcomes.filter((outcome) => outcome === 'filled').length,
    unfilled: outcomes.filter((outcome) => typeof outcome === 'object'),
    next: renderPosition(page.position),
  };
}

type Filled = 'filled' | 'right' | Unreadable;

async function fillItem(
  { client, tableName, random }: FillContext,
  { entity, index }: { readonly entity: CatalogEntity; readonly index: string },
  read: Item,
): Promise<Filled> {
  const unfilled = (reason: string): Unreadable => ({ at: `the item ${read.pk?.S} / ${read.sk?.S}`, reason });
  let image: Item | undefined = read;
  let key: DecodedItem['key'] = {};
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    // Others have removed it.
    if (image === undefined) return 'right';
    try {
      const item = decodeItemOf(entity, image);
      key = item.key;
      const keys = keysOf(item, index);
      const problem = keys === undefined ? undefined : problemOf(keys);
      if (problem !== undefined) return unfilled(problem);
      if (hasKeys(image, index, keys)) return 'right';
      await client.send(new UpdateItemCommand(putIndexKeys(tableName, { item: image, index, keys })));
      return 'filled';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        image = error.Item;
        await backOff(attempt, random);
        continue;
      }
      const known = dynamodbError(error);
      if (!refusals.has(known.code)) throw known;
      return unfilled(known.message);
    }
  }
  throw contended(entity, key, attempts);
}

/** What says that an item cannot be in the index, whatever is tried. */
const refusals: ReadonlySet<PolystoreError['code']> = new Set([
  'poison_change',
  'invalid_value',
  'payload_too_large',
]);

type IndexKeys = ReturnType<typeof encodeIndexKeys>;

/** The keys that an item should have; undefined: none. */
function keysOf(item: DecodedItem, name: string): IndexKeys {
  if (item.kind === 'tombstone') return undefined;
  const index = sourceOf(item.entity).indexes.find((each) => each.name === name);
  return index && encodeIndexKeys(item.entity, index, item.row);
}

const hasKeys = (image: Item, index: string, keys: IndexKeys): boolean =>
  image[`${index}_pk`]?.S === keys?.partition && image[`${index}_sk`]?.S === keys?.sort;

/**
 * Why an index cannot hold a key. While it is not made DynamoDB would take it, and then leave the item out of the
 * index, saying nothing.
 */
function problemOf({ partition, sort }: NonNullable<IndexKeys>): string | undefined {
  const { partitionKeyBytes, sortKeyBytes } = dynamodbLimits;
  const [partitionBytes, sortBytes] = [partition, sort].map((text) => Buffer.byteLength(text));
  return isWithin(partitionBytes, partitionKeyBytes) && isWithin(sortBytes, sortKeyBytes)
    ? undefined
    : `its keys in the index would have ${partitionBytes} and ${sortBytes} bytes; DynamoDB takes 1 to ${partitionKeyBytes} and 1 to ${sortKeyBytes}`;
}

const isWithin = (bytes: number | undefined, most: number): boolean =>
  bytes !== undefined && bytes >= 1 && bytes <= most;
