import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type { WideTable } from '../../../lambda/model/index.ts';
import { WideColumnStore, type WideColumnStoreProps } from '../../../lib/index.ts';
import { deploy, everything, newApp, templateOf } from '../deploy.ts';

const deployed = deploy({ catalog: everything });
const template = templateOf(deployed, 'wideColumn');
const type = 'AWS::Cassandra::Table';

const table: WideTable = {
  name: 'note__by_owner',
  entity: 'note',
  view: 'byOwner',
  partitionKey: [{ name: 'owner', type: 'text' }],
  clustering: [],
  columns: [],
};

function alone(props: Partial<WideColumnStoreProps>): Template {
  const stack = new Stack(newApp(), 'Alone');
  new WideColumnStore(stack, 'WideColumn', { keyspaceName: 'alone', tables: [table], ...props });
  return Template.fromStack(stack);
}

describe('WideColumnStore', () => {
  test('has a table for each view, with the keys, orders and columns that the catalog says', () => {
    const expected = everything.wideTables.map(({ name, partitionKey, clustering, columns }) => ({
      TableName: name,
      PartitionKeyColumns: partitionKey.map((column) => ({
        ColumnName: column.name,
        ColumnType: column.type,
      })),
      ClusteringKeyColumns: clustering.map((column) => ({
        Column: { ColumnName: column.name, ColumnType: column.type },
        OrderBy: column.descending ? 'DESC' : 'ASC',
      })),
      RegularColumns: columns.map((column) => ({ ColumnName: column.name, ColumnType: column.type })),
    }));

    const found = Object.values(template.findResources(type)).map(({ Properties }) => Properties);

    expect(expected.length).toBeGreaterThan(2);
    expect(found).toHaveLength(expected.length);
    for (const each of expected)
      expect(found.find(({ TableName }) => TableName === each.TableName)).toMatchObject(each);
  });

  test('is paid by the request, can go back to any second, and is encrypted with a key of its own', () => {
    template.allResourcesProperties(type, {
      BillingMode: { Mode: 'ON_DEMAND' },
      PointInTimeRecoveryEnabled: true,
      EncryptionSpecification: {
        EncryptionType: 'CUSTOMER_MANAGED_KMS_KEY',
        KmsKeyIdentifier: { 'Fn::GetAtt': [Match.stringLikeRegexp('WideColumnKey'), 'Arn'] },
      },
    });
    template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });

  test('lets rows expire, and trusts no client’s clock', () => {
    template.allResourcesProperties(type, { DefaultTimeToLive: 630_720_000 });
    template.resourcePropertiesCountIs(type, { ClientSideTimestampsEnabled: Match.anyValue() }, 0);
  });

  test('has a keyspace by model and environment, in one region', () => {
    template.hasResourceProperties('AWS::Cassandra::Keyspace', {
      KeyspaceName: 'everything_dev',
      ReplicationSpecification: { ReplicationStrategy: 'SINGLE_REGION' },
    });
  });

  test('is kept when its stack goes, with the key that reads it', () => {
    for (const kept of [type, 'AWS::Cassandra::Keyspace', 'AWS::KMS::Key'])
      template.hasResource(kept, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    alone({ removalPolicy: RemovalPolicy.DESTROY }).hasResource(type, { DeletionPolicy: 'Delete' });
  });

  test('fails once with all that is wrong', () => {
    const build = () => alone({ keyspaceName: 'a-b', tables: [{ ...table, name: `${'long'.repeat(12)}_` }] });

    expect(build).toThrow(/2 problem\(s\):.*keyspaceName is 'a-b'.*the table of note\.byOwner is 'longlong/s);
  });
});
