import type { AttributeValue, BatchStatementRequest } from '@aws-sdk/client-dynamodb';
import type { CatalogEntity } from '../../model/index.ts';
import { type Item, sourceOf } from './item.ts';

/** Statements of a BatchExecuteStatement, and the length of one in characters (AWS's limits). */
export const statementsPerBatch = 25;
const maxStatementLength = 8_192;

/**
 * What is known of the item that a change meets. PartiQL has no "absent or lower" in one statement: an
 * `insert` fails where something is, an `update` where nothing is.
 */
export type Expected = 'absent' | 'present';

/**
 * A statement that puts an item under rule 1, if what is expected is there. Undefined when it would be
 * longer than DynamoDB takes.
 */
export function renderStatement(
  tableName: string,
  entity: CatalogEntity,
  item: Item,
  expected: Expected,
): BatchStatementRequest | undefined {
  const request = expected === 'absent' ? insert(tableName, item) : replace(tableName, entity, item);
  return (request.Statement ?? '').length <= maxStatementLength ? request : undefined;
}

function insert(tableName: string, item: Item): BatchStatementRequest {
  const names = Object.keys(item);
  return {
    Statement: `INSERT INTO "${tableName}" VALUE {${names.map((name) => `'${name}': ?`).join(', ')}}`,
    Parameters: valuesOf(item, names),
  };
}

/** Replaces an item of a lower version; answers with the item that is there if it does not. */
function replace(tableName: string, entity: CatalogEntity, item: Item): BatchStatementRequest {
  const key = ['pk', 'sk'];
  const set = Object.keys(item).filter((name) => !key.includes(name));
  const removed = attributesOf(entity).filter((name) => !(name in item));
  const clauses = [...set.map((name) => `SET "${name}" = ?`), ...removed.map((name) => `REMOVE "${name}"`)];
  return {
    Statement: `UPDATE "${tableName}" ${clauses.join(' ')} WHERE "pk" = ? AND "sk" = ? AND "version" < ?`,
    Parameters: valuesOf(item, [...set, ...key, 'version']),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
}

/** Every attribute that an item of the entity may have. */
const attributesOf = (entity: CatalogEntity): readonly string[] => [
  ...entity.columns.map(({ name }) => name),
  ...sourceOf(entity).indexes.flatMap(({ name }) => [`${name}_pk`, `${name}_sk`]),
  'deleted',
  'ttl',
];

// The names are the item's own.
const valuesOf = (item: Item, names: readonly string[]): AttributeValue[] =>
  names.flatMap((name) => item[name] ?? []);
