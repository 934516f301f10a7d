import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ChangeLog, type ChangeLogProps } from '../../../lib/index.ts';
import { deploy, foreignVpc, newApp } from '../deploy.ts';

const { log: template } = deploy().templates;
const type = 'AWS::MSK::Cluster';

function alone(props: Partial<ChangeLogProps>): Template {
  const stack = new Stack(newApp(), 'Alone');
  const vpc = foreignVpc(stack, 3);
  new ChangeLog(stack, 'Log', { vpc, clusterName: 'alone', ...props });
  return Template.fromStack(stack);
}

const serverProperties = (found: Template): readonly string[] =>
  Object.values(found.findResources('AWS::MSK::Configuration'))
    .flatMap((configuration) => String(configuration.Properties.ServerProperties).split('\n'))
    .filter((line) => line !== '');

describe('ChangeLog', () => {
  test('is spoken to with IAM over TLS and in no other way', () => {
    template.hasResourceProperties(type, {
      ClientAuthentication: {
        Sasl: { Iam: { Enabled: true }, Scram: Match.absent() },
        Tls: Match.absent(),
        Unauthenticated: Match.absent(),
      },
      EncryptionInfo: {
        EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true },
        EncryptionAtRest: { DataVolumeKMSKeyId: { Ref: Match.stringLikeRegexp('LogKey') } },
      },
    });
  });

  test('makes no topic by accident, loses none to a stale leader, and keeps seven days', () => {
    expect(serverProperties(template)).toEqual(
      expect.arrayContaining([
        'auto.create.topics.enable=false',
        'unclean.leader.election.enable=false',
        'log.retention.hours=168',
        'log.message.timestamp.type=LogAppendTime',
      ]),
    );
  });

  test('runs without ZooKeeper, a small broker in each zone of dev', () => {
    template.hasResourceProperties(type, {
      KafkaVersion: Match.stringLikeRegexp('kraft$'),
      NumberOfBrokerNodes: 2,
      BrokerNodeGroupInfo: {
        InstanceType: 'kafka.t3.small',
        StorageInfo: { EBSStorageInfo: { VolumeSize: 50 } },
      },
    });
    expect(serverProperties(template)).toEqual(
      expect.arrayContaining(['default.replication.factor=2', 'min.insync.replicas=1']),
    );
  });

  test('keeps three copies of which two acknowledge, unless told otherwise', () => {
    const found = alone({});

    expect(serverProperties(found)).toEqual(
      expect.arrayContaining(['default.replication.factor=3', 'min.insync.replicas=2']),
    );
    found.hasResourceProperties(type, { NumberOfBrokerNodes: 3 });
  });

  test('is kept when its stack goes, with the key and the configuration it uses', () => {
    for (const kept of [type, 'AWS::KMS::Key', 'AWS::MSK::Configuration'])
      template.hasResource(kept, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('writes the logs of its brokers', () => {
    template.hasResourceProperties(type, {
      LoggingInfo: { BrokerLogs: { CloudWatchLogs: { Enabled: true } } },
    });
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      alone({
        clusterName: 'a_b',
        brokers: 4,
        replication: 5,
        minimumInSyncReplicas: 5,
        storageGibPerBroker: 0,
      });

    expect(build).toThrow(
      /5 problem\(s\):.*clusterName is 'a_b'.*brokers is 4 over 3 zones.*replication is 5.*minimumInSyncReplicas is 5.*storageGibPerBroker is 0/s,
    );
  });
});
