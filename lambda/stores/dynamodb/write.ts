import type {
  AttributeValue,
  ConditionCheck,
  PutItemCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type Change, coalesce } from '../../change/change.ts';
import { generationOf, positionOf } from '../../change/version.ts';
import type { ApplyResult, Placement } from '../store.ts';
import { type encodeItemKey, encodeRow, encodeTombstone, type Item } from './item.ts';

export interface WritePlan {
  readonly writes: readonly { readonly change: Change; readonly item: Item }[];
  readonly rejected: ApplyResult['rejected'];
}

export interface WriteContext {
  readonly generation: number;
  readonly nowMs: number;
}

/** The item of the last change of each key. */
export function planWrites(
  placement: Placement,
  changes: readonly Change[],
  { generation, nowMs }: WriteContext,
): WritePlan {
  const { entity } = placement;
  const latest = coalesce(changes);
  const ofOther = latest.filter((change) => generationOf(change.version) !== generation);
  const writes = latest
    .filter((change) => generationOf(change.version) === generation)
    .map((change) => {
      const position = positionOf(change.version);
      const item =
        change.kind === 'upsert'
          ? encodeRow(entity, change.row, position)
          : encodeTombstone(entity, { ...change.before, ...change.key }, position, nowMs);
      return { change, item };
    });
  const rejected = ofOther.map((change) => ({
    change,
    reason: `an item keeps the position of its version alone; this store is of generation ${generation}, the change of ${generationOf(change.version)}`,
  }));
  return { writes, rejected };
}

/** Puts an item where nothing is, or an item of a lower version. */
export const putIfLower = (tableName: string, item: Item): PutItemCommandInput => ({
  TableName: tableName,
  Item: item,
  ConditionExpression: 'attribute_not_exists(#pk) OR #version < :version',
  ExpressionAttributeNames: { '#pk': 'pk', '#version': 'version' },
  // Every item that this codec makes has a version.
  ExpressionAttributeValues: { ':version': item.version ?? { N: '0' } },
});

/** Puts an item where exactly this was read: nothing, or an item of this version. */
export const putIfSame = (tableName: string, item: Item, old: bigint | undefined): PutItemCommandInput => ({
  TableName: tableName,
  Item: item,
  ...isSame(old),
});

/** Lets a transaction go on only where exactly this was read. */
export const checkIfSame = (
  tableName: string,
  key: ReturnType<typeof encodeItemKey>,
  old: bigint | undefined,
): ConditionCheck => ({ TableName: tableName, Key: key, ...isSame(old) });

const isSame = (old: bigint | undefined) =>
  ({
    ...(old === undefined
      ? { ConditionExpression: 'attribute_not_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } }
      : {
          ConditionExpression: '#version = :old',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':old': { N: String(old) } },
        }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }) as const;

/** Puts the keys of a global index into an item that is still as it was read, or takes them out; nothing else of it. */
export const putIndexKeys = (
  tableName: string,
  {
    item,
    index,
    keys,
  }: {
    readonly item: Item;
    readonly index: string;
    readonly keys: { readonly partition: string; readonly sort: string } | undefined;
  },
): UpdateItemCommandInput => {
  const read: Record<string, AttributeValue> = { ':version': item.version ?? { N: '0' } };
  return {
    TableName: tableName,
    // It was read by these.
    Key: { pk: item.pk ?? { S: '' }, sk: item.sk ?? { S: '' } },
    UpdateExpression:
      keys === undefined ? 'REMOVE #partition, #sort' : 'SET #partition = :partition, #sort = :sort',
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: {
      '#version': 'version',
      '#partition': `${index}_pk`,
      '#sort': `${index}_sk`,
    },
    ExpressionAttributeValues:
      keys === undefined ? read : { ...read, ':partition': { S: keys.partition }, ':sort': { S: keys.sort } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
};
