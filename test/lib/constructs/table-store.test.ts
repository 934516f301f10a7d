import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type { DynamodbTable } from '../../../lambda/model/index.ts';
import { renderTable } from '../../../lambda/stores/dynamodb/index.ts';
import { renderDeadLettersTable } from '../../../lambda/sync/dead-letters.ts';
import { TableStore, type TableStoreProps } from '../../../lib/index.ts';
import { deploy, newApp } from '../deploy.ts';

const deployed = deploy();
const template = deployed.templates.table;
const type = 'AWS::DynamoDB::GlobalTable';

function tableOfTheSample(): DynamodbTable {
  const { table } = deployed.catalog;
  if (table === undefined) throw new TypeError('the sample has DynamoDB entities');
  return table;
}

function alone(props: TableStoreProps): Template {
  const stack = new Stack(newApp(), 'Alone');
  new TableStore(stack, 'Table', props);
  return Template.fromStack(stack);
}

/** The entities' table: the one with a stream. */
const entities = () =>
  Object.values(template.findResources(type, { Properties: { StreamSpecification: Match.anyValue() } }))[0]
    ?.Properties;

describe('TableStore', () => {
  test('has the keys, the expiry and the stream that the catalog says', () => {
    const table = tableOfTheSample();

    template.hasResourceProperties(type, {
      KeySchema: [
        { AttributeName: table.partitionKeyAttribute, KeyType: 'HASH' },
        { AttributeName: table.sortKeyAttribute, KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: table.timeToLiveAttribute, Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      BillingMode: 'PAY_PER_REQUEST',
    });
  });

  test('has each global index of the catalog, with all attributes', () => {
    const expected = tableOfTheSample().globalIndexes.map((index) => ({
      IndexName: index.name,
      KeySchema: [
        { AttributeName: index.partitionKeyAttribute, KeyType: 'HASH' },
        { AttributeName: index.sortKeyAttribute, KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    }));

    expect(expected.length).toBeGreaterThan(0);
    expect(entities()?.GlobalSecondaryIndexes).toEqual(expected);
  });

  test('has each local index of the catalog, sorted by the type of its column', () => {
    const { localIndexes, partitionKeyAttribute } = tableOfTheSample();

    expect(entities()?.LocalSecondaryIndexes).toEqual(
      localIndexes.map((index) => ({
        IndexName: index.name,
        KeySchema: [
          { AttributeName: partitionKeyAttribute, KeyType: 'HASH' },
          { AttributeName: index.sortKeyAttribute, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      })),
    );
    expect(entities()?.AttributeDefinitions).toEqual(
      expect.arrayContaining(
        localIndexes.map((index) => ({
          AttributeName: index.sortKeyAttribute,
          AttributeType: index.sortKeyType,
        })),
      ),
    );
  });

  test('is the table that this machine makes for itself', () => {
    const { TableName: _name, StreamSpecification, ...local } = renderTable(deployed.catalog, 'local');

    expect(entities()).toMatchObject(local);
    expect(entities()?.StreamSpecification.StreamViewType).toBe(StreamSpecification?.StreamViewType);
  });

  test('keeps both tables: point-in-time recovery, deletion protection, a key of their own, retained', () => {
    template.resourceCountIs(type, 2);
    for (const table of Object.values(template.findResources(type))) {
      expect(table).toMatchObject({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
          Replicas: [
            {
              DeletionProtectionEnabled: true,
              PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
              SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': [expect.stringMatching('Key'), 'Arn'] } },
            },
          ],
        },
      });
    }
    template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Retain' });
  });

  test('holds dead letters by the key that the functions write, without a stream; what is closed expires', () => {
    const { KeySchema, AttributeDefinitions } = renderDeadLettersTable('local');

    template.hasResourceProperties(type, {
      KeySchema,
      AttributeDefinitions,
      StreamSpecification: Match.absent(),
      // Open letters have no such attribute.
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
  });

  test('leaves the names to CloudFormation, so that a replacement can stand beside what it replaces', () => {
    template.resourcePropertiesCountIs(type, { TableName: Match.anyValue() }, 0);
  });

  test('has only dead letters when no entity lives in DynamoDB', () => {
    alone({ table: undefined }).resourceCountIs(type, 1);
  });

  test('refuses more indexes than a table can have, and destruction without its second consent, at once', () => {
    const table = tableOfTheSample();
    const index = { name: 'extra', partitionKeyAttribute: 'a', sortKeyAttribute: 'b' };
    const build = () =>
      alone({
        table: {
          ...table,
          globalIndexes: Array.from({ length: 21 }, (_, n) => ({ ...index, name: `extra${n}` })),
        },
        removalPolicy: RemovalPolicy.DESTROY,
      });

    expect(build).toThrow(/2 problem\(s\):.*deletionProtection is on.*table\.globalIndexes are 21/s);
  });
});
