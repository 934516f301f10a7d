import { describe, expect, test } from '@jest/globals';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { compile, entity, kafka, model, shared, text } from '../../../lambda/model/index.ts';
import { ChangeLog, type ChangeLogProps, type TopicLoad, topicLoads } from '../../../lib/index.ts';
import { deploy, environmentOf, foreignVpc, newApp } from '../deploy.ts';

const { log: template } = deploy().templates;
const type = 'AWS::MSK::Cluster';

function stackWith(props: Partial<ChangeLogProps>, zones = 3): Stack {
  const stack = new Stack(newApp(), 'Alone');
  const vpc = foreignVpc(stack, zones);
  const log = new ChangeLog(stack, 'Log', { vpc, clusterName: 'alone', ...props });
  new CfnOutput(stack, 'Brokers', { value: log.brokers });
  return stack;
}
const alone = (props: Partial<ChangeLogProps>, zones = 3): Template =>
  Template.fromStack(stackWith(props, zones));

/** One topic that all is written to. */
const topic = (load: Partial<TopicLoad>): readonly TopicLoad[] => [
  { name: 'events', partitions: 48, bytesPerDay: undefined, ...load },
];

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

  test('is a small broker in each zone of dev, which MSK runs with ZooKeeper only', () => {
    template.hasResourceProperties(type, {
      KafkaVersion: '3.9.x',
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

describe('production', () => {
  const prod = deploy({ environment: environmentOf('prod') });

  test('has three brokers in each of three zones without ZooKeeper, three copies of which two acknowledge', () => {
    prod.templates.log.hasResourceProperties(type, {
      KafkaVersion: '3.9.x.kraft',
      NumberOfBrokerNodes: 9,
      BrokerNodeGroupInfo: { ClientSubnets: Match.anyValue(), InstanceType: 'kafka.m7g.large' },
      StorageMode: 'TIERED',
    });
    expect(serverProperties(prod.templates.log)).toEqual(
      expect.arrayContaining([
        'default.replication.factor=3',
        'min.insync.replicas=2',
        'log.retention.hours=168',
      ]),
    );
  });

  test('tells who makes the topics of the 48 partitions of events and of tiered storage', () => {
    prod.templates.functions.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          POLYSTORE_LOG_REPLICATION: '3',
          POLYSTORE_LOG_LOCAL_RETENTION_HOURS: '72',
          POLYSTORE_LOG_PARTITIONS: 'flight_event=48',
        }),
      },
    });
    const told = Object.values(prod.templates.functions.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => 'POLYSTORE_LOG_PARTITIONS' in (Properties.Environment?.Variables ?? {}),
    );
    expect(told).toHaveLength(1);
  });
});

describe('the volumes', () => {
  const dayOf = 12.5e12;

  test('do not hold 12.5 TB a day on nine brokers, however large, without tiering', () => {
    const build = () =>
      alone({ brokers: 9, storageGibPerBroker: 16_384, topics: topic({ bytesPerDay: dayOf }) });

    expect(build).toThrow(
      /1 problem\(s\):.*storageGibPerBroker is 16384 on 9 brokers, of which 134\.6 TB may be filled; 12\.5 TB a day kept for 7 days in 3 copies are 262\.5 TB, 31958 GiB a broker: use 18 brokers of 16384 GiB, the most that one takes, or keep at most 86 hours on the volumes \(localRetentionHours\) and the rest in tiered storage, or use kind 'express'/s,
    );
  });

  test('hold as much as the error says, and not an hour, nor three brokers, less', () => {
    const with86 = { brokers: 9, storageGibPerBroker: 16_384, topics: topic({ bytesPerDay: dayOf }) };

    expect(() => alone({ ...with86, localRetentionHours: 86 })).not.toThrow();
    expect(() => alone({ ...with86, localRetentionHours: 87 })).toThrow(/keep at most 86 hours/);
    expect(() => alone({ ...with86, brokers: 18 })).not.toThrow();
    expect(() => alone({ ...with86, brokers: 15 })).toThrow(/use 18 brokers/);
  });

  test('are named with the size that would do where a broker takes it', () => {
    const topics = topic({ bytesPerDay: 1e11 });
    const build = () => alone({ storageGibPerBroker: 100, topics });

    expect(build).toThrow(/2\.1 TB, 767 GiB a broker: use 767 GiB, or keep at most 21 hours/);
    expect(() => alone({ storageGibPerBroker: 767, topics })).not.toThrow();
    expect(() => alone({ storageGibPerBroker: 766, topics })).toThrow(/use 767 GiB/);
  });

  test('are checked against what the rates of the model say', () => {
    const busy = model('busy', [
      entity('event', {
        key: ['id'],
        tenant: shared,
        fields: { id: text() },
        source: kafka({ partitions: 48 }),
        rate: { changesPerSecond: 600_000, changesPerDay: 14_705_882_353, rowBytes: 250 },
      }),
    ]);
    const prod = environmentOf('prod');
    const { localRetentionHours: _, ...log } = prod.log;

    expect(topicLoads(compile(busy))[0]).toMatchObject({
      partitions: 48,
      bytesPerDay: expect.closeTo(12.5e12, -6),
    });
    expect(() => deploy({ catalog: compile(busy), environment: { ...prod, log } })).toThrow(
      /Log has 1 problem.*12\.5 TB a day kept for 7 days in 3 copies are 262\.5 TB/s,
    );
  });
});

describe('partitions', () => {
  const warnings = (props: Partial<ChangeLogProps>) =>
    Annotations.fromStack(stackWith(props)).findWarning('*', Match.stringLikeRegexp('partitions each'));

  test('above what AWS recommends for a class are warned of, above what MSK takes refused', () => {
    expect(warnings({ topics: topic({ partitions: 1000 }) })).toEqual([]);
    expect(JSON.stringify(warnings({ topics: topic({ partitions: 1001 }) }))).toContain(
      '3 brokers of m7g.large would hold 1001 partitions each, copies included; AWS recommends 1000: use 6 brokers or more',
    );
    expect(() => alone({ topics: topic({ partitions: 1501 }) })).toThrow(
      /brokers are too few: .*1501 partitions each.*MSK takes 1500/,
    );
  });

  test('count Kafka’s and Kafka Connect’s own topics', () => {
    const { catalog } = deploy();
    const names = topicLoads(catalog).map(({ name }) => name);

    expect(names).toEqual(
      expect.arrayContaining(['flights.changes.flight_event', '__consumer_offsets', 'connect-offsets']),
    );
  });
});

describe('the kinds of brokers', () => {
  test('express is encrypted with a key of its own, and has no volume and no property that it decides', () => {
    const found = alone({ kind: 'express', brokers: 6 });

    found.hasResourceProperties(type, {
      NumberOfBrokerNodes: 6,
      BrokerNodeGroupInfo: { InstanceType: 'express.m7g.large', StorageInfo: Match.absent() },
      StorageMode: Match.absent(),
      ClientAuthentication: { Sasl: { Iam: { Enabled: true } } },
      EncryptionInfo: {
        EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true },
        EncryptionAtRest: { DataVolumeKMSKeyId: { Ref: Match.stringLikeRegexp('LogKey') } },
      },
    });
    expect(serverProperties(found)).toEqual([
      'auto.create.topics.enable=false',
      'num.partitions=6',
      'log.retention.ms=604800000',
      'log.message.timestamp.type=LogAppendTime',
    ]);
  });

  test('serverless is a cluster of its own type, kept, spoken to with IAM at an address that MSK is asked for', () => {
    const found = alone({ kind: 'serverless' });

    found.resourceCountIs(type, 0);
    found.resourceCountIs('AWS::MSK::Configuration', 0);
    found.hasResource('AWS::MSK::ServerlessCluster', {
      Properties: {
        ClusterName: 'alone',
        ClientAuthentication: { Sasl: { Iam: { Enabled: true } } },
        VpcConfigs: [{ SubnetIds: ['subnet-1', 'subnet-2', 'subnet-3'], SecurityGroups: [Match.anyValue()] }],
      },
      DeletionPolicy: 'Retain',
    });
    found.hasOutput('Brokers', {
      Value: { 'Fn::GetAtt': [Match.anyValue(), 'BootstrapBrokerStringSaslIam'] },
    });
  });

  test('another kind has another logical id, so that no update tries to change one into the other', () => {
    const ids = (['standard', 'express', 'serverless'] as const).flatMap((kind) =>
      Object.entries(alone({ kind }).toJSON().Resources as Record<string, { Type: string }>)
        .filter(([, { Type }]) => /MSK::(Serverless)?Cluster$/.test(Type))
        .map(([id]) => id),
    );

    expect(new Set(ids).size).toBe(3);
  });

  test('express refuses by name what it lacks or decides', () => {
    const build = () =>
      alone(
        {
          kind: 'express',
          brokerType: 't3.small',
          brokers: 2,
          storageGibPerBroker: 100,
          localRetentionHours: 24,
          replication: 2,
          minimumInSyncReplicas: 1,
        },
        2,
      );

    expect(build).toThrow(
      /6 problem\(s\):.*storageGibPerBroker is 100, and kind 'express' has no such thing.*localRetentionHours is 24, and.*replication is 2, and kind 'express' has always 3.*minimumInSyncReplicas is 1.*brokerType is 't3\.small', which is no class of express brokers.*vpcSubnets are in 2 zones/s,
    );
  });

  test('serverless refuses by name what it lacks or decides', () => {
    const build = () =>
      alone({
        kind: 'serverless',
        brokerType: 'm7g.large',
        brokers: 3,
        storageGibPerBroker: 100,
        localRetentionHours: 24,
        minimumInSyncReplicas: 1,
      });

    expect(build).toThrow(
      /5 problem\(s\):.*brokerType is m7g\.large.*brokers is 3.*storageGibPerBroker is 100.*localRetentionHours is 24.*minimumInSyncReplicas is 1, and kind 'serverless' has always 2/s,
    );
  });

  test('express and serverless take in only so much', () => {
    const tooMuch = topic({ bytesPerDay: 18e12 });

    expect(() => alone({ kind: 'serverless', topics: tooMuch })).toThrow(
      /kind takes 200 MB a second for any length of time, and 18 TB a day are 208\.3/,
    );
    expect(() => alone({ kind: 'serverless', topics: topic({ partitions: 2401 }) })).toThrow(
      /kind is serverless, which takes 2400 partitions, and the topics have 2401/,
    );
    expect(() => alone({ kind: 'express', topics: topic({ bytesPerDay: 12.5e12 }) })).toThrow(
      /brokers takes 46\.8 MB a second/,
    );
    expect(() =>
      alone({ kind: 'express', brokers: 12, topics: topic({ bytesPerDay: 12.5e12 }) }),
    ).not.toThrow();
  });

  test('standard refuses tiered storage where MSK has none, and hours that are not fewer than it keeps', () => {
    expect(() => alone({ brokerType: 't3.small', localRetentionHours: 24 })).toThrow(
      /t3\.small brokers have no tiered storage/,
    );
    expect(() => alone({ localRetentionHours: 168 })).toThrow(
      /localRetentionHours is 168, and records are kept for 168: use 1 to 167/,
    );
  });
});
