import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type { DynamodbTable } from '../../../lambda/model/index.ts';
import { renderTable } from '../../../lambda/stores/dynamodb/index.ts';
import { renderDeadLettersTable } from '../../../lambda/sync/dead-letters.ts';
import { type TableReplication, TableStore, type TableStoreProps } from '../../../lib/index.ts';
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
  test('makes an index that holds some attributes, and refuses one that holds too many', () => {
    const table = tableOfTheSample();
    const [global] = table.globalIndexes;
    const [local] = table.localIndexes;
    if (global === undefined || local === undefined) throw new TypeError('the sample has indexes');
    const holding = (projection: readonly string[]): DynamodbTable => ({
      ...table,
      globalIndexes: [{ ...global, projection }],
      localIndexes: [{ ...local, projection }],
    });
    const include = { ProjectionType: 'INCLUDE', NonKeyAttributes: ['entity', 'version'] };

    alone({ table: holding(['entity', 'version']) }).hasResourceProperties(type, {
      GlobalSecondaryIndexes: [Match.objectLike({ Projection: include })],
      LocalSecondaryIndexes: [Match.objectLike({ Projection: include })],
    });
    expect(() => alone({ table: holding(Array.from({ length: 21 }, (_, at) => `a${at}`)) })).toThrow(
      /table index byAircraft holds 21 attributes beside keys: name at most 20/,
    );
  });

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

  describe('of capacity', () => {
    const units = (minimum: number) => ({ minimum, maximum: 10 * minimum });
    const scaled = (side: 'Read' | 'Write', minimum: number) => ({
      [`${side}ProvisionedThroughputSettings`]: {
        [`${side}CapacityAutoScalingSettings`]: {
          MinCapacity: minimum,
          MaxCapacity: 10 * minimum,
          SeedCapacity: minimum,
          TargetTrackingScalingPolicyConfiguration: { TargetValue: 60 },
        },
      },
    });
    const billing = {
      mode: 'provisioned',
      read: units(5),
      write: units(7),
      targetPercent: 60,
      ofIndex: { byStatus: { read: units(1), write: units(2), targetPercent: 60 } },
    } as const;

    test('follows what is used, each index as it is told', () => {
      alone({ table: tableOfTheSample(), billing }).hasResourceProperties(type, {
        BillingMode: 'PROVISIONED',
        ...scaled('Write', 7),
        GlobalSecondaryIndexes: [
          Match.objectLike({ IndexName: 'byAircraft', ...scaled('Write', 7) }),
          Match.objectLike({ IndexName: 'byStatus', ...scaled('Write', 2) }),
        ],
        Replicas: [
          Match.objectLike({
            ...scaled('Read', 5),
            GlobalSecondaryIndexes: [
              { IndexName: 'byAircraft', ...scaled('Read', 5) },
              { IndexName: 'byStatus', ...scaled('Read', 1) },
            ],
          }),
        ],
      });
    });

    test('leaves dead letters paid by the request: they are few', () => {
      alone({ table: tableOfTheSample(), billing }).hasResourceProperties(type, {
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: Match.absent(),
      });
    });
  });

  test('bounds what is paid by the request, and is ready for more than AWS would be', () => {
    const warm = { readUnitsPerSecond: 13_000, writeUnitsPerSecond: 5_000 };
    const rendered = { ReadUnitsPerSecond: 13_000, WriteUnitsPerSecond: 5_000 };
    const made = alone({
      table: tableOfTheSample(),
      billing: {
        mode: 'on-demand',
        maximum: { read: 100, write: 50 },
        maximumOfIndex: { byStatus: { write: 20 } },
      },
      warmThroughput: warm,
      warmThroughputOfIndex: { byAircraft: warm },
      contributorInsights: 'all',
      recoveryDays: 7,
    });

    made.hasResourceProperties(type, {
      WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 50 },
      WarmThroughput: rendered,
      GlobalSecondaryIndexes: [
        Match.objectLike({ IndexName: 'byAircraft', WarmThroughput: rendered }),
        Match.objectLike({
          IndexName: 'byStatus',
          WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 20 },
        }),
      ],
      Replicas: [
        Match.objectLike({
          ReadOnDemandThroughputSettings: { MaxReadRequestUnits: 100 },
          ContributorInsightsSpecification: { Enabled: true, Mode: 'ACCESSED_AND_THROTTLED_KEYS' },
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 },
        }),
      ],
    });
  });

  describe('in other regions', () => {
    const replica = (region: string) => ({ region, keyArn: `arn:aws:kms:${region}:123456789012:key/k` });
    const plain = { ...tableOfTheSample(), localIndexes: [] };
    const replicasOf = (made: Template) =>
      Object.values(made.findResources(type)).find(({ Properties }) => Properties.StreamSpecification)
        ?.Properties.Replicas;

    test('has copies that are kept as the table is, each by a key of its region', () => {
      const replicas = replicasOf(
        alone({
          table: tableOfTheSample(),
          replication: { consistency: 'eventual', replicas: [replica('eu-west-1'), replica('us-east-2')] },
        }),
      );

      const { Region, SSESpecification, ...kept } = replicas[0];
      expect(Region).toEqual({ Ref: 'AWS::Region' });
      expect(SSESpecification.KMSMasterKeyId['Fn::GetAtt'][0]).toMatch(/^TableKey/);
      expect(kept).toMatchObject({ DeletionProtectionEnabled: true });
      expect(replicas.slice(1)).toEqual(
        ['eu-west-1', 'us-east-2'].map((region) => ({
          ...kept,
          Region: region,
          SSESpecification: { KMSMasterKeyId: replica(region).keyArn },
        })),
      );
    });

    test('of strong consistency has a witness and nothing that expires', () => {
      const made = alone({
        table: plain,
        replication: {
          consistency: 'strong',
          replicas: [replica('us-east-1')],
          witness: 'us-west-2',
          timeToLive: 'off',
        },
      });

      made.hasResourceProperties(type, {
        MultiRegionConsistency: 'STRONG',
        GlobalTableWitnesses: [{ Region: 'us-west-2' }],
        TimeToLiveSpecification: Match.absent(),
        Replicas: [Match.objectLike({}), Match.objectLike({ Region: 'us-east-1' })],
      });
    });

    const strong = { consistency: 'strong', timeToLive: 'off' } as const;
    const refused: readonly (readonly [string, TableReplication, RegExp])[] = [
      ['no region', { consistency: 'eventual', replicas: [] }, /replicas are none/],
      [
        'a region twice',
        { consistency: 'eventual', replicas: [replica('eu-west-1'), replica('eu-west-1')] },
        /name eu-west-1 more than once/,
      ],
      [
        "another region's key",
        { consistency: 'eventual', replicas: [{ ...replica('eu-west-1'), region: 'eu-west-2' }] },
        /replicas\.eu-west-2\.keyArn is/,
      ],
      [
        'two regions',
        { ...strong, replicas: [replica('us-east-1')] },
        /is of 1 replica\(s\) and no witness: strong consistency takes three regions/,
      ],
      [
        'four regions',
        { ...strong, replicas: [replica('us-east-1'), replica('us-east-2')], witness: 'us-west-2' },
        /is of 2 replica\(s\) and a witness/,
      ],
      [
        'regions of two groups',
        { ...strong, replicas: [replica('us-east-1'), replica('eu-west-1')] },
        /which strong consistency does not span/,
      ],
      [
        'local indexes',
        { ...strong, replicas: [replica('us-east-1'), replica('us-east-2')] },
        /the table has local indexes \(byDelay\)/,
      ],
      [
        'what expires',
        // @ts-expect-error: what a caller without types may say
        { consistency: 'strong', replicas: [replica('us-east-1'), replica('us-east-2')] },
        /timeToLive is 'undefined', and nothing expires/,
      ],
    ];
    test.each(refused)('refuses %s', (_, replication, message) => {
      expect(() => alone({ table: tableOfTheSample(), replication })).toThrow(message);
    });
  });

  test('refuses capacity that DynamoDB would, and names of no index, at once', () => {
    const table = tableOfTheSample();

    expect(() =>
      alone({
        table,
        billing: {
          mode: 'on-demand',
          maximum: { read: 0 },
          maximumOfIndex: { byNothing: { write: 1.5 } },
        },
        warmThroughput: { readUnitsPerSecond: 11_999, writeUnitsPerSecond: 4_000 },
        recoveryDays: 36,
      }),
    ).toThrow(
      /5 problem\(s\):.*maximum\.read is 0 units.*byNothing is of no global index: use one of byAircraft, byStatus.*byNothing\.write is 1\.5.*readUnitsPerSecond is 11999.*recoveryDays is 36/s,
    );
    expect(() =>
      alone({
        table,
        billing: {
          mode: 'provisioned',
          read: { minimum: 2, maximum: 1 },
          write: { minimum: 1, maximum: 2 },
          targetPercent: 19,
          ofIndex: { byNothing: { read: { minimum: 1, maximum: 1 }, write: { minimum: 0, maximum: 1 } } },
        },
      }),
    ).toThrow(
      /4 problem\(s\):.*billing\.read is 2 to 1.*targetPercent is 19.*ofIndex\.byNothing is of no global index.*byNothing\.write is 0 to 1/s,
    );
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
