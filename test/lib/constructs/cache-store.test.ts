import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { CacheStore, type CacheStoreProps, type Eviction, type Stores } from '../../../lib/index.ts';
import { deploy, foreignVpc, newApp } from '../deploy.ts';

const { cache: template } = deploy().templates;
const type = 'AWS::ElastiCache::ReplicationGroup';

function alone(props: Partial<CacheStoreProps<Eviction>>): Template {
  const stack = new Stack(newApp(), 'Alone');
  const vpc = foreignVpc(stack, 2);
  new CacheStore(stack, 'Cache', { eviction: 'noeviction', vpc, ...props });
  return Template.fromStack(stack);
}

/** The replication group of the template that holds this. */
const groupOf = (description: string) =>
  Object.values(
    template.findResources(type, { Properties: { ReplicationGroupDescription: description } }),
  )[0];

describe('CacheStore', () => {
  test.each([
    ['Polystore views', 'noeviction'],
    ['Polystore cached results', 'allkeys-lru'],
  ])('of %s has the policy %s', (holds, policy) => {
    const parameters = groupOf(holds)?.Properties.CacheParameterGroupName.Ref;

    expect(template.findResources('AWS::ElastiCache::ParameterGroup')[parameters]?.Properties).toMatchObject({
      CacheParameterGroupFamily: 'valkey8',
      Properties: {
        'maxmemory-policy': policy,
        'cluster-enabled': 'yes',
        'reserved-memory-percent': '25',
      },
    });
  });

  test('that evicts is none that views can be given to', () => {
    const stack = new Stack(newApp(), 'Alone');
    const cache = new CacheStore(stack, 'Cache', { eviction: 'allkeys-lru', vpc: foreignVpc(stack, 2) });

    // @ts-expect-error: an evicted guard would let an old change in again
    const views: Stores['views'] = cache;

    expect(views.eviction).toBe('allkeys-lru');
  });

  test('that evicts takes no snapshot and goes with its stack: all it holds can be worked out again', () => {
    expect(groupOf('Polystore cached results')).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: { SnapshotRetentionLimit: 0 },
    });
  });

  test('is encrypted on disk with a key of its own, and takes TLS only', () => {
    template.allResourcesProperties(type, {
      AtRestEncryptionEnabled: true,
      KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('(Cache|Results)Key'), 'Arn'] },
      TransitEncryptionEnabled: true,
      TransitEncryptionMode: 'required',
    });
  });

  test('is a cluster that fails over, with snapshots', () => {
    template.hasResourceProperties(type, {
      Engine: 'valkey',
      ClusterMode: 'enabled',
      NumNodeGroups: 1,
      ReplicasPerNodeGroup: 1,
      AutomaticFailoverEnabled: true,
      MultiAZEnabled: true,
      SnapshotRetentionLimit: 3,
    });
  });

  test('takes a last snapshot when it goes, and keeps the key that reads it', () => {
    template.hasResource(type, { DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' });
    template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Retain' });
  });

  test('lets nobody in by itself', () => {
    alone({}).hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
  });

  test('asks for no second zone without a replica', () => {
    alone({ replicasPerShard: 0 }).hasResourceProperties(type, { MultiAZEnabled: false });
  });

  test('logs slow commands and what the engine says, each to a group of its own', () => {
    const made = alone({});

    const groups = Object.keys(made.findResources('AWS::Logs::LogGroup'));
    const [deliveries] = Object.values(made.findResources(type)).map(
      ({ Properties }) => Properties.LogDeliveryConfigurations,
    );

    expect(deliveries).toEqual(
      ['slow-log', 'engine-log'].map((LogType, index) => ({
        LogType,
        LogFormat: 'json',
        DestinationType: 'cloudwatch-logs',
        DestinationDetails: { CloudWatchLogsDetails: { LogGroup: { Ref: groups[index] } } },
      })),
    );
  });

  test('is resharded in place: without that CloudFormation would replace it, and lose its views', () => {
    template.allResources(type, { UpdatePolicy: { UseOnlineResharding: true } });
  });

  test('stays as large as it was made, unless told to grow', () => {
    alone({}).resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
  });

  test('grows by the memory that is used, and its replicas by their work', () => {
    const made = alone({
      shards: 2,
      replicasPerShard: 1,
      scaling: { shards: { maximum: 6 }, replicasPerShard: { maximum: 4, targetPercent: 50 } },
    });

    const [group] = Object.keys(made.findResources(type));
    for (const [dimension, minimum, maximum] of [
      ['NodeGroups', 2, 6],
      ['Replicas', 1, 4],
    ] as const)
      made.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
        ServiceNamespace: 'elasticache',
        ScalableDimension: `elasticache:replication-group:${dimension}`,
        ResourceId: { 'Fn::Join': ['', ['replication-group/', { Ref: group }]] },
        MinCapacity: minimum,
        MaxCapacity: maximum,
      });
    for (const [metric, target] of [
      ['ElastiCacheDatabaseMemoryUsageCountedForEvictPercentage', 65],
      ['ElastiCacheReplicaEngineCPUUtilization', 50],
    ])
      made.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: {
          PredefinedMetricSpecification: { PredefinedMetricType: metric },
          TargetValue: target,
        },
      });
  });

  test.each([
    [
      { nodeType: 'cache.t4g.small', scaling: { shards: { maximum: 3 } } },
      /which ElastiCache does not scale/,
    ],
    [
      { nodeType: 'cache.r7g.4xlarge', scaling: { shards: { maximum: 3 } } },
      /which ElastiCache does not scale/,
    ],
    [{ nodeType: 'cache.r6gd.xlarge', scaling: { shards: { maximum: 3 } } }, /scaling\.shards\.by is memory/],
    [{ shards: 4, scaling: { shards: { maximum: 3 } } }, /scaling\.shards\.maximum is 3: use 4 to 500/],
    [
      { scaling: { replicasPerShard: { maximum: 6 } } },
      /scaling\.replicasPerShard\.maximum is 6: use 1 to 5/,
    ],
    [{ scaling: { shards: { maximum: 2, targetPercent: 80 } } }, /targetPercent is 80: use 35 to 70/],
    [{ scaling: { shards: { maximum: 300 } } }, /may come to 600 nodes/],
    [{ snapshotWindow: '04:30-05:30' }, /snapshotWindow and maintenanceWindow are at the same time/],
  ] as const)('refuses %p', (props, message) => {
    expect(() => alone(props)).toThrow(message);
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      alone({
        nodeType: 't4g.small',
        shards: 0,
        replicasPerShard: 6,
        snapshotWindow: '3-4',
        maintenanceWindow: 'sun:05:00-sun:05:30',
      });

    expect(build).toThrow(
      /5 problem\(s\):.*nodeType is 't4g.small'.*shards is 0.*replicasPerShard is 6.*snapshotWindow is '3-4'.*maintenanceWindow lasts 30/s,
    );
  });
});
