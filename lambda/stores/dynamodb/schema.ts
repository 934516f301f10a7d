import type {
  CreateTableCommandInput,
  LocalSecondaryIndexDescription,
  TableDescription,
  UpdateTimeToLiveCommandInput,
} from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../../errors.ts';
import type { Catalog, DynamodbTable, Projection } from '../../model/index.ts';

/**
 * The definition of the model's table: on demand, a stream of new and old images.
 *
 * @throws `invalid_model` when no entity of the model lives in DynamoDB.
 */
export function renderTable(catalog: Catalog, tableName: string): CreateTableCommandInput {
  const table = tableOf(catalog);
  const { partitionKeyAttribute: pk, sortKeyAttribute: sk, globalIndexes, localIndexes } = table;
  const types = new Map<string, 'S' | 'N'>([
    [pk, 'S'],
    [sk, 'S'],
    ...globalIndexes.flatMap((index): [string, 'S'][] => [
      [index.partitionKeyAttribute, 'S'],
      [index.sortKeyAttribute, 'S'],
    ]),
    ...localIndexes.map((index): [string, 'S' | 'N'] => [index.sortKeyAttribute, index.sortKeyType]),
  ]);
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    KeySchema: keySchema(pk, sk),
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    ...(globalIndexes.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: globalIndexes.map((global) =>
            renderIndex(global, global.partitionKeyAttribute),
          ),
        }),
    ...(localIndexes.length === 0
      ? {}
      : {
          LocalSecondaryIndexes: localIndexes.map((local) => renderIndex(local, pk)),
        }),
  };
}

/** DynamoDB removes tombstones by the attribute that this names. */
export const renderTimeToLive = (catalog: Catalog, tableName: string): UpdateTimeToLiveCommandInput => ({
  TableName: tableName,
  TimeToLiveSpecification: { AttributeName: tableOf(catalog).timeToLiveAttribute, Enabled: true },
});

const keySchema = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];

const renderIndex = (
  {
    name,
    sortKeyAttribute,
    projection,
  }: { readonly name: string; readonly sortKeyAttribute: string; readonly projection?: Projection },
  hash: string,
) => ({
  IndexName: name,
  KeySchema: keySchema(hash, sortKeyAttribute),
  Projection:
    projection === undefined
      ? { ProjectionType: 'ALL' as const }
      : { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...projection] },
});

/** The indexes of a table as DynamoDB describes it. */
export function readIndexes({
  GlobalSecondaryIndexes = [],
  LocalSecondaryIndexes = [],
  AttributeDefinitions = [],
}: TableDescription): Pick<DynamodbTable, 'globalIndexes' | 'localIndexes'> {
  const named = ({ IndexName = '', KeySchema = [], Projection = {} }: IndexDescription) => ({
    name: IndexName,
    hash: KeySchema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '',
    range: KeySchema.find(({ KeyType }) => KeyType === 'RANGE')?.AttributeName ?? '',
    held:
      Projection.ProjectionType === 'ALL'
        ? {}
        : { projection: (Projection.NonKeyAttributes ?? []).toSorted() },
  });
  const typeOf = (attribute: string): 'S' | 'N' =>
    AttributeDefinitions.find(({ AttributeName }) => AttributeName === attribute)?.AttributeType === 'N'
      ? 'N'
      : 'S';
  return {
    globalIndexes: GlobalSecondaryIndexes.map(named).map(({ name, hash, range, held }) => ({
      name,
      partitionKeyAttribute: hash,
      sortKeyAttribute: range,
      ...held,
    })),
    localIndexes: LocalSecondaryIndexes.map(named).map(({ name, range, held }) => ({
      name,
      sortKeyAttribute: range,
      sortKeyType: typeOf(range),
      ...held,
    })),
  };
}
type IndexDescription = Pick<LocalSecondaryIndexDescription, 'IndexName' | 'KeySchema' | 'Projection'>;

export function tableOf(catalog: Catalog): DynamodbTable {
  if (catalog.table !== undefined) return catalog.table;
  throw new PolystoreError('invalid_model', `No entity of the model ${catalog.name} lives in DynamoDB.`);
}
