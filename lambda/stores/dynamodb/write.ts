import type { PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import { type Change, coalesce } from '../../change/change.ts';
import { generationOf, positionOf } from '../../change/version.ts';
import type { ApplyResult, Placement } from '../store.ts';
import { encodeRow, encodeTombstone, type Item } from './item.ts';

export interface PutPlan {
  readonly puts: readonly { readonly change: Change; readonly input: PutItemCommandInput }[];
  readonly rejected: ApplyResult['rejected'];
}

export interface PutContext {
  readonly tableName: string;
  readonly generation: number;
  readonly nowMs: number;
}

/** One conditional put for each key: absent, or of a lower version. */
export function planPuts(placement: Placement, changes: readonly Change[], context: PutContext): PutPlan {
  const { entity } = placement;
  const { tableName, generation, nowMs } = context;
  const latest = coalesce(changes);
  const ofOther = latest.filter((change) => generationOf(change.version) !== generation);
  const puts = latest
    .filter((change) => generationOf(change.version) === generation)
    .map((change) => {
      const position = positionOf(change.version);
      const item =
        change.kind === 'upsert'
          ? encodeRow(entity, change.row, position)
          : encodeTombstone(entity, { ...change.before, ...change.key }, position, nowMs);
      return { change, input: { ...putIfLower(tableName, item) } };
    });
  const rejected = ofOther.map((change) => ({
    change,
    reason: `an item keeps the position of its version alone; this store is of generation ${generation}, the change of ${generationOf(change.version)}`,
  }));
  return { puts, rejected };
}

const putIfLower = (tableName: string, item: Item): PutItemCommandInput => ({
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
  ...(old === undefined
    ? { ConditionExpression: 'attribute_not_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } }
    : {
        ConditionExpression: '#version = :old',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':old': { N: String(old) } },
      }),
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
});
