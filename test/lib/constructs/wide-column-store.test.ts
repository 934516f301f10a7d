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

  test('of capacity follows what is used, each table as it is told', () => {
    const units = (minimum: number) => ({ minimum, maximum: 10 * minimum });
    const made = alone({
      tables: [table, { ...table, name: 'note__by_day' }],
      billing: { mode: 'provisioned', read: units(5), write: units(20) },
      billingOfTable: { note__by_day: { mode: 'on-demand' } },
    });

    const scaling = (minimum: number) => ({
      AutoScalingDisabled: false,
      MinimumUnits: minimum,
      MaximumUnits: 10 * minimum,
      ScalingPolicy: { TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 } },
    });
    made.hasResourceProperties(type, {
      TableName: 'note__by_owner',
      BillingMode: {
        Mode: 'PROVISIONED',
        ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 20 },
      },
      AutoScalingSpecifications: {
        ReadCapacityAutoScaling: scaling(5),
        WriteCapacityAutoScaling: scaling(20),
      },
    });
    made.hasResourceProperties(type, {
      TableName: 'note__by_day',
      BillingMode: { Mode: 'ON_DEMAND' },
      AutoScalingSpecifications: Match.absent(),
    });
  });

  test('in several regions has the key and the timestamps that Keyspaces asks for there', () => {
    const made = alone({ replication: { regions: ['eu-west-1', 'us-east-1'], encryption: 'aws-owned' } });

    made.hasResourceProperties('AWS::Cassandra::Keyspace', {
      ReplicationSpecification: {
        ReplicationStrategy: 'MULTI_REGION',
        RegionList: [{ Ref: 'AWS::Region' }, 'eu-west-1', 'us-east-1'],
      },
      ClientSideTimestampsEnabled: true,
    });
    made.hasResourceProperties(type, {
      EncryptionSpecification: { EncryptionType: 'AWS_OWNED_KMS_KEY', KmsKeyIdentifier: Match.absent() },
      ClientSideTimestampsEnabled: true,
      PointInTimeRecoveryEnabled: true,
    });
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      alone({
        keyspaceName: 'a-b',
        tables: [{ ...table, name: `${'long'.repeat(12)}_` }],
        billing: {
          mode: 'provisioned',
          read: { minimum: 0, maximum: 1 },
          write: { minimum: 2, maximum: 1 },
          targetPercent: 95,
        },
        billingOfTable: { nothing: { mode: 'on-demand' } },
        replication: {
          regions: ['cn-north-1', 'Ireland', 'cn-north-1'],
          // @ts-expect-error: what a caller without types may say
          encryption: 'own',
        },
      });

    expect(build).toThrow(
      new RegExp(
        [
          '10 problem\\(s\\):',
          "keyspaceName is 'a-b'",
          "the table of note\\.byOwner is 'longlong",
          'billing\\.read is 0 to 1 units',
          'billing\\.write is 2 to 1 units',
          'billing\\.targetPercent is 95',
          'billingOfTable\\.nothing is of no table',
          "replication\\.regions name 'Ireland'",
          'name cn-north-1 more than once',
          'where Keyspaces does not replicate',
          "replication\\.encryption is 'own'",
        ].join('.*'),
        's',
      ),
    );
  });

  test.each([0, 6])('is not copied to %i other regions', (count) => {
    const regions = Array.from({ length: count }, (_, at) => `eu-west-${at + 1}`);

    expect(() => alone({ replication: { regions, encryption: 'aws-owned' } })).toThrow(
      `replication.regions are ${count}: name 1 to 5`,
    );
  });
});
