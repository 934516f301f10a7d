import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { CacheStore, type CacheStoreProps } from '../../../lib/index.ts';
import { deploy, foreignVpc, newApp } from '../deploy.ts';

const { cache: template } = deploy().templates;
const type = 'AWS::ElastiCache::ReplicationGroup';

function alone(props: Partial<CacheStoreProps>): Template {
  const stack = new Stack(newApp(), 'Alone');
  const vpc = foreignVpc(stack, 2);
  new CacheStore(stack, 'Cache', { vpc, ...props });
  return Template.fromStack(stack);
}

describe('CacheStore', () => {
  test('never evicts: an evicted guard would let an old change in again', () => {
    template.hasResourceProperties('AWS::ElastiCache::ParameterGroup', {
      CacheParameterGroupFamily: 'valkey8',
      Properties: { 'maxmemory-policy': 'noeviction', 'cluster-enabled': 'yes' },
    });
    template.hasResourceProperties(type, {
      CacheParameterGroupName: { Ref: Match.stringLikeRegexp('Parameters') },
    });
  });

  test('is encrypted on disk with a key of its own, and takes TLS only', () => {
    template.hasResourceProperties(type, {
      AtRestEncryptionEnabled: true,
      KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('CacheKey'), 'Arn'] },
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
