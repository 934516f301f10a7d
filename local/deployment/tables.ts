import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Catalog } from '../../lambda/model/index.ts';
import { createMissingTable, ensureTable } from '../../lambda/stores/dynamodb/index.ts';
import { renderDeadLettersTable } from '../../lambda/sync/dead-letters.ts';
import type { EngineSet } from '../engines/index.ts';

/** How to reach DynamoDB on this machine; it takes any credentials, and these are nobody's. */
export const dynamodbConnection = (engines: EngineSet) =>
  ({
    endpoint: engines.dynamodb.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }) as const;

export const deadLettersTableName = (catalog: Catalog): string => `${catalog.name}-dead-letters`;

/** Makes the tables that CloudFormation makes on AWS, where they are missing. */
export async function createTables(catalog: Catalog, engines: EngineSet): Promise<void> {
  const connection = dynamodbConnection(engines);
  const { table } = catalog;
  await Promise.all([
    createDeadLetters(connection, deadLettersTableName(catalog)),
    table === undefined ? undefined : ensureTable({ ...connection, tableName: table.name, catalog }),
  ]);
}

async function createDeadLetters(
  connection: ReturnType<typeof dynamodbConnection>,
  name: string,
): Promise<void> {
  const client = new DynamoDBClient(connection);
  try {
    await createMissingTable(client, renderDeadLettersTable(name));
  } finally {
    client.destroy();
  }
}
