import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { Catalog } from '../../model/index.ts';
import { type ConnectionOptions, createClient } from './connection.ts';
import { dynamodbError } from './errors.ts';
import { renderTable, renderTimeToLive } from './schema.ts';

/** Makes the model's table where it is not there yet, as on this machine; on AWS the deployment does. */
export async function ensureTable(
  options: ConnectionOptions & { readonly tableName: string; readonly catalog: Catalog },
): Promise<void> {
  const { tableName, catalog } = options;
  const client = createClient(options, 3);
  try {
    await createMissingTable(client, renderTable(catalog, tableName));
    const { TimeToLiveDescription } = await client.send(
      new DescribeTimeToLiveCommand({ TableName: tableName }),
    );
    if (TimeToLiveDescription?.TimeToLiveStatus === 'DISABLED')
      await client.send(new UpdateTimeToLiveCommand(renderTimeToLive(catalog, tableName)));
  } catch (error) {
    throw dynamodbError(error);
  } finally {
    client.destroy();
  }
}

/** Makes a table unless it is there, and waits until it can be used. */
export async function createMissingTable(
  client: DynamoDBClient,
  definition: CreateTableCommandInput,
): Promise<void> {
  try {
    await client.send(new CreateTableCommand(definition));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists(
    { client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 },
    { TableName: definition.TableName },
  );
}
