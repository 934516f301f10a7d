import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CloudFormationTemplate, findLosses, type Resource } from '../../../lib/guard/index.ts';

/**
 * Types with a property that can only be set when the resource is made, and one that changes in place, by AWS's
 * reference of resource types. Written down here, not read from what the guard reads.
 */
interface Kind {
  readonly type: string;
  readonly stateful: boolean;
  readonly replacing: (value: string) => Readonly<Record<string, unknown>>;
  readonly inPlace: (value: string) => Readonly<Record<string, unknown>>;
}
const kind = (
  type: string,
  stateful: boolean,
  replacing: Kind['replacing'],
  inPlace: Kind['inPlace'],
): Kind => ({ type, stateful, replacing, inPlace });

const kinds: readonly Kind[] = [
  kind(
    'AWS::RDS::DBCluster',
    true,
    (v) => ({ KmsKeyId: v }),
    (v) => ({ PreferredBackupWindow: v }),
  ),
  kind(
    'AWS::RDS::DBCluster',
    true,
    (v) => ({ DBSubnetGroupName: v }),
    (v) => ({ DeletionProtection: v }),
  ),
  kind(
    'AWS::DynamoDB::GlobalTable',
    true,
    (v) => ({ KeySchema: [{ AttributeName: v }] }),
    (v) => ({ BillingMode: v }),
  ),
  kind(
    'AWS::DynamoDB::Table',
    true,
    (v) => ({ TableName: v }),
    (v) => ({ SSESpecification: { SSEEnabled: v } }),
  ),
  kind(
    'AWS::ElastiCache::ReplicationGroup',
    true,
    (v) => ({ AtRestEncryptionEnabled: v }),
    (v) => ({ CacheNodeType: v }),
  ),
  kind(
    'AWS::MSK::Cluster',
    true,
    (v) => ({ EncryptionInfo: { EncryptionAtRest: { DataVolumeKMSKeyId: v } } }),
    (v) => ({ KafkaVersion: v }),
  ),
  kind(
    'AWS::MSK::Cluster',
    true,
    (v) => ({ BrokerNodeGroupInfo: { ClientSubnets: [v] } }),
    (v) => ({ LoggingInfo: { BrokerLogs: { S3: { Prefix: v } } } }),
  ),
  kind(
    'AWS::OpenSearchService::Domain',
    true,
    (v) => ({ EncryptionAtRestOptions: { KmsKeyId: v } }),
    (v) => ({ ClusterConfig: { InstanceType: v } }),
  ),
  kind(
    'AWS::Cassandra::Table',
    true,
    (v) => ({ PartitionKeyColumns: [{ ColumnName: v }] }),
    (v) => ({ DefaultTimeToLive: v }),
  ),
  kind(
    'AWS::S3::Bucket',
    true,
    (v) => ({ BucketName: v }),
    (v) => ({ LifecycleConfiguration: { Rules: [{ Prefix: v }] } }),
  ),
  kind(
    'AWS::SecretsManager::Secret',
    true,
    (v) => ({ Name: v }),
    (v) => ({ Description: v }),
  ),
  kind(
    'AWS::Lambda::Function',
    false,
    (v) => ({ FunctionName: v }),
    (v) => ({ Timeout: v }),
  ),
  kind(
    'AWS::RDS::DBInstance',
    false,
    (v) => ({ DBInstanceIdentifier: v, DBClusterIdentifier: 'c' }),
    (v) => ({ DBInstanceClass: v }),
  ),
  kind(
    'AWS::RDS::DBSubnetGroup',
    false,
    (v) => ({ DBSubnetGroupName: v }),
    (v) => ({ SubnetIds: [v] }),
  ),
  kind(
    'AWS::Logs::LogGroup',
    false,
    (v) => ({ LogGroupName: v }),
    (v) => ({ RetentionInDays: v }),
  ),
];

/** What happens to a resource between the two templates. */
const fates = ['same', 'removed', 'added', 'replaced', 'in place', 'metadata'] as const;
interface Planned {
  readonly kind: Kind;
  readonly fate: (typeof fates)[number];
}

const planned = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), fate: fc.constantFrom(...fates) }) as fc.Arbitrary<Planned>,
  { maxLength: 12 },
);

const resource = ({ kind }: Planned, values: readonly [string, string], note = 'a'): Resource => ({
  Type: kind.type,
  Properties: { ...kind.replacing(values[0]), ...kind.inPlace(values[1]) },
  Metadata: { note },
});

function templatesOf(plan: readonly Planned[]): {
  deployed: CloudFormationTemplate;
  next: CloudFormationTemplate;
} {
  const before = plan.map((one, index) =>
    one.fate === 'added' ? [] : [[`R${index}`, resource(one, ['old', 'old'])] as const],
  );
  const after = plan.map((one, index) => {
    const made = {
      same: resource(one, ['old', 'old']),
      removed: undefined,
      added: resource(one, ['old', 'old']),
      replaced: resource(one, ['new', 'old']),
      'in place': resource(one, ['old', 'new']),
      metadata: resource(one, ['old', 'old'], 'b'),
    }[one.fate];
    return made === undefined ? [] : [[`R${index}`, made] as const];
  });
  return {
    deployed: { Resources: Object.fromEntries(before.flat()) },
    // In another order, which says nothing.
    next: { Resources: Object.fromEntries(after.flat().reverse()) },
  };
}

describe('whatever pair of templates', () => {
  test('what holds data and is removed or replaced is told, and nothing else is', () => {
    fc.assert(
      fc.property(planned, (plan) => {
        const { deployed, next } = templatesOf(plan);

        const told = findLosses('Stack', deployed, next).map(({ logicalId, kind }) => [logicalId, kind]);

        const expected = plan.flatMap(({ kind, fate }, index) =>
          kind.stateful && (fate === 'removed' || fate === 'replaced') ? [[`R${index}`, fate]] : [],
        );
        expect(told.sort()).toEqual(expected.sort());
      }),
      { numRuns: 300 },
    );
  });

  test('an update to the same template loses nothing', () => {
    fc.assert(
      fc.property(planned, (plan) => {
        const { deployed } = templatesOf(plan);

        expect(findLosses('Stack', deployed, structuredClone(deployed))).toEqual([]);
      }),
    );
  });

  test('a stack that becomes empty loses all that holds data', () => {
    fc.assert(
      fc.property(planned, (plan) => {
        const { deployed } = templatesOf(plan);

        const told = findLosses('Stack', deployed, {}).map(({ logicalId }) => logicalId);

        const held = plan.flatMap(({ kind, fate }, index) =>
          kind.stateful && fate !== 'added' ? [`R${index}`] : [],
        );
        expect(told.sort()).toEqual(held.sort());
      }),
    );
  });

  /** The ways in which one resource may speak of another. */
  const references: readonly ((id: string) => unknown)[] = [
    (id) => ({ Ref: id }),
    (id) => ({ 'Fn::GetAtt': [id, 'Arn'] }),
    (id) => ({ 'Fn::GetAtt': `${id}.Arn` }),
    (id) => ({ 'Fn::Sub': `key/\${${id}}` }),
    (id) => ({ 'Fn::Sub': [`key/\${${id}.Arn}/\${X}`, { X: 'x' }] }),
    (id) => ({ 'Fn::Sub': [`key/\${X}`, { X: { Ref: id } }] }),
    (id) => ({ 'Fn::Join': ['', ['key/', { Ref: id }]] }),
    (id) => ({ 'Fn::Select': [0, { 'Fn::Split': ['/', { 'Fn::GetAtt': [id, 'Arn'] }] }] }),
  ];

  test('what refers to a replaced resource by a property that cannot change is told, however far away', () => {
    const chain = fc.array(fc.constantFrom(...references), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(chain, fc.boolean(), (links, replaced) => {
        const stack = (name: string): CloudFormationTemplate => ({
          Resources: {
            R0: { Type: 'AWS::RDS::DBSubnetGroup', Properties: { DBSubnetGroupName: name } },
            ...Object.fromEntries(
              links.map((link, index) => [
                `R${index + 1}`,
                { Type: 'AWS::RDS::DBCluster', Properties: { DBSubnetGroupName: link(`R${index}`) } },
              ]),
            ),
          },
        });

        const told = findLosses('Stack', stack('old'), stack(replaced ? 'new' : 'old'));

        expect(told.map(({ logicalId }) => logicalId)).toEqual(
          replaced ? links.map((_, index) => `R${index + 1}`) : [],
        );
      }),
    );
  });
});

describe('a loss', () => {
  const cluster = (
    properties: Readonly<Record<string, unknown>>,
    policy = 'Snapshot',
  ): CloudFormationTemplate => ({
    Resources: {
      Cluster1: {
        Type: 'AWS::RDS::DBCluster',
        Properties: properties,
        DeletionPolicy: policy,
        UpdateReplacePolicy: policy,
        Metadata: { 'aws:cdk:path': 'Flights-Dev-Relational/Relational/Cluster/Resource' },
      },
    },
  });

  test('has the same path in a stage as without, so that one allowance names it in both', () => {
    const [resource] = Object.values(cluster({}).Resources ?? {});
    const staged: CloudFormationTemplate = {
      Resources: {
        Cluster1: {
          ...(resource ?? { Type: '' }),
          Metadata: { 'aws:cdk:path': 'Pipeline/Dev/Flights-Dev-Relational/Relational/Cluster/Resource' },
        },
      },
    };

    const [loss] = findLosses('Flights-Dev-Relational', staged, {});

    expect(loss?.path).toBe('Flights-Dev-Relational/Relational/Cluster');
  });

  test('by encryption that is switched on says what changes, what becomes of the data and where to read on', () => {
    const losses = findLosses('Flights-Dev-Relational', cluster({}), cluster({ StorageEncrypted: true }));

    expect(losses).toEqual([
      {
        stack: 'Flights-Dev-Relational',
        logicalId: 'Cluster1',
        path: 'Flights-Dev-Relational/Relational/Cluster',
        type: 'AWS::RDS::DBCluster',
        kind: 'replaced',
        certain: true,
        because: ['StorageEncrypted'],
        fate: 'snapshotted',
        runbook: 'aurora',
      },
    ]);
  });

  test.each([
    ['AWS::ElastiCache::ReplicationGroup', { AtRestEncryptionEnabled: true }, 'AtRestEncryptionEnabled'],
    [
      'AWS::MSK::Cluster',
      { EncryptionInfo: { EncryptionAtRest: { DataVolumeKMSKeyId: 'k' } } },
      'EncryptionInfo/EncryptionAtRest',
    ],
    [
      'AWS::OpenSearchService::Domain',
      { EncryptionAtRestOptions: { Enabled: true } },
      'EncryptionAtRestOptions/Enabled',
    ],
    ['AWS::RDS::DBInstance', { StorageEncrypted: true }, 'StorageEncrypted'],
    ['AWS::EFS::FileSystem', { Encrypted: true }, 'Encrypted'],
  ])('%s is replaced when encryption is switched on', (Type, Properties, property) => {
    const [loss] = findLosses(
      'S',
      { Resources: { A: { Type } } },
      { Resources: { A: { Type, Properties } } },
    );

    expect(loss).toMatchObject({ kind: 'replaced', because: [property] });
  });

  test.each([
    ['AWS::DynamoDB::Table', { SSESpecification: { SSEEnabled: true } }],
    ['AWS::S3::Bucket', { BucketEncryption: { ServerSideEncryptionConfiguration: [] } }],
  ])('%s takes encryption in place', (Type, Properties) => {
    const losses = findLosses(
      'S',
      { Resources: { A: { Type } } },
      { Resources: { A: { Type, Properties } } },
    );

    expect(losses).toEqual([]);
  });

  test('tells the worse of two policies of a replacement', () => {
    const [loss] = findLosses(
      'S',
      cluster({ KmsKeyId: 'a' }, 'Retain'),
      cluster({ KmsKeyId: 'b' }, 'Delete'),
    );

    expect(loss?.fate).toBe('destroyed');
  });

  test('of something else under the same id is a replacement by its type', () => {
    const losses = findLosses(
      'S',
      { Resources: { A: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain' } } },
      { Resources: { A: { Type: 'AWS::Lambda::Function' } } },
    );

    expect(losses).toMatchObject([{ kind: 'replaced', because: ['Type'], type: 'AWS::S3::Bucket' }]);
  });

  test('is no reader of Aurora that goes', () => {
    const reader = (id: object): CloudFormationTemplate => ({
      Resources: { Reader: { Type: 'AWS::RDS::DBInstance', Properties: { ...id, Engine: 'postgres' } } },
    });

    expect(findLosses('S', reader({ DBClusterIdentifier: 'c' }), {})).toEqual([]);
    expect(findLosses('S', reader({}), {})).toHaveLength(1);
  });
});
