import {
  CreateTableCommand,
  type CreateTableInput,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { Catalog } from '../../lambda/model/index.ts';
import { renderTable } from '../../lambda/stores/dynamodb/index.ts';
import { renderDeadLettersTable } from '../../lambda/sync/dead-letters.ts';
import type { EngineSet } from '../engines/index.ts';

/** How to reach DynamoDB on this machine; it takes any credentials, and these are nobody's. */
export const dynamodbConnection = (engines: EngineSet): DynamoDBClientConfig => ({
  endpoint: engines.dynamodb.endpoint,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

export const deadLettersTableName = (catalog: Catalog): string => `${catalog.name}-dead-letters`;

/** Makes the tables that CloudFormation makes on AWS, where they are missing. */
export async function createTables(catalog: Catalog, engines: EngineSet): Promise<void> {
  const client = new DynamoDBClient(dynamodbConnection(engines));
  try {
    await create(client, renderDeadLettersTable(deadLettersTableName(catalog)));
    if (catalog.table !== undefined) {
      await create(client, renderTable(catalog.table));
      await enableTimeToLive(client, catalog.table.name, catalog.table.timeToLiveAttribute);
    }
  } finally {
    client.destroy();
  }
}

async function create(client: DynamoDBClient, table: CreateTableInput): Promise<void> {
  try {
    await client.send(new CreateTableCommand(table));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName: table.TableName });
}

/** Changing it twice within an hour is refused by the service, so it is set once. */
async function enableTimeToLive(client: DynamoDBClient, table: string, attribute: string): Promise<void> {
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: table }));
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') return;
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: table,
      TimeToLiveSpecification: { AttributeName: attribute, Enabled: true },
    }),
  );
}
