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
      Properties: { 'maxmemory-policy': policy, 'cluster-enabled': 'yes' },
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

  test('fails once with all that is wrong', () => {
    const build = () => alone({ nodeType: 't4g.small', shards: 0, replicasPerShard: 6 });

    expect(build).toThrow(/3 problem\(s\):.*nodeType is 't4g.small'.*shards is 0.*replicasPerShard is 6/s);
  });
});
