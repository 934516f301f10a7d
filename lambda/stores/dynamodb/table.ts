import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { PolystoreError } from '../../errors.ts';
import { type Catalog, planTableChange } from '../../model/index.ts';
import { type ConnectionOptions, createClient } from './connection.ts';
import { dynamodbError } from './errors.ts';
import { readIndexes, renderTable, renderTimeToLive, tableOf } from './schema.ts';

/**
 * Makes the model's table where it is not there yet, as on this machine; on AWS the deployment does.
 *
 * @throws PolystoreError `migration_refused` when it is there with other indexes than the model's.
 */
export async function ensureTable(
  options: ConnectionOptions & { readonly tableName: string; readonly catalog: Catalog },
): Promise<void> {
  const { tableName, catalog } = options;
  const client = createClient(options, 3);
  try {
    await createMissingTable(client, renderTable(catalog, tableName));
    await requireIndexes(client, catalog, tableName);
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

async function requireIndexes(client: DynamoDBClient, catalog: Catalog, tableName: string): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  const { steps, problems } = planTableChange(readIndexes(Table ?? {}), tableOf(catalog));
  if (steps.length === 0 && problems.length === 0) return;
  const wanted = steps.map(({ kind, index }) => `${kind} the index ${index}`).join(', ');
  throw new PolystoreError(
    'migration_refused',
    [
      `The table ${tableName} is there with other indexes than the model asks for${wanted === '' ? '' : ` (${wanted})`}.`,
      ...problems,
      'Rows that it holds would be missing from a new index. Start with "--fresh", which forgets them, or take the change back.',
    ].join(' '),
    { details: { steps, problems } },
  );
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
