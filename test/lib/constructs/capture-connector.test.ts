import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { CaptureConnector } from '../../../lib/index.ts';
import { deploy, everything, templateOf } from '../deploy.ts';

const deployed = deploy({ catalog: everything });
const template = templateOf(deployed, 'capture');
const type = 'AWS::KafkaConnect::Connector';
const connector = () => Object.values(template.findResources(type))[0]?.Properties;

/** The worker's properties file, as lines. */
const workerLines = (): readonly string[] =>
  Object.values(template.findResources('AWS::KafkaConnect::WorkerConfiguration')).flatMap((worker) =>
    Buffer.from(worker.Properties.PropertiesFileContent, 'base64').toString().trim().split('\n'),
  );

const statements = (): readonly {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}[] =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (policy) => policy.Properties.PolicyDocument.Statement,
  );
const resourcesOf = (action: string): string =>
  JSON.stringify(
    statements()
      .filter(({ Action }) => [Action].flat().includes(action))
      .map(({ Resource }) => Resource),
  );

describe('CaptureConnector', () => {
  test('captures the model’s tables in Aurora, as Debezium does on this machine', () => {
    expect(connector().ConnectorConfiguration).toMatchObject({
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'table.include.list': 'source\\.place,source\\.account',
      'poll.interval.ms': '10',
      'tasks.max': '1',
      'slot.failover': 'true',
      'snapshot.mode': 'no_data',
    });
  });

  test('is told where the password is, not the password, and which authorities to trust', () => {
    const configuration = connector().ConnectorConfiguration;

    expect(configuration['database.sslmode']).toBe('verify-full');
    expect(configuration['database.sslrootcert']).toBe(`\${aws:file:certificates}`);
    expect(configuration['database.password']).toEqual({
      'Fn::Join': [
        '',
        [`\${aws:secret:`, { 'Fn::ImportValue': Match.anyValue() }, ':password}'].map((part) =>
          typeof part === 'string' ? part : { 'Fn::ImportValue': expect.stringMatching('MasterUserSecret') },
        ),
      ],
    });
  });

  test('speaks to the log with IAM over TLS, from the isolated subnets and by a group of its own', () => {
    template.hasResourceProperties(type, {
      KafkaClusterClientAuthentication: { AuthenticationType: 'IAM' },
      KafkaClusterEncryptionInTransit: { EncryptionType: 'TLS' },
      KafkaCluster: {
        ApacheKafkaCluster: {
          Vpc: { SecurityGroups: [{ 'Fn::ImportValue': Match.stringLikeRegexp('DebeziumClient') }] },
        },
      },
    });
  });

  test('has one task on one worker, since a replication slot has one reader', () => {
    template.hasResourceProperties(type, {
      Capacity: { ProvisionedCapacity: { WorkerCount: 1, McuCount: 1 } },
      KafkaConnectVersion: '3.7.x',
    });
  });

  test('keeps its offsets in a topic that outlives it, with producers that lose and double nothing', () => {
    expect(workerLines()).toEqual(
      expect.arrayContaining([
        'offset.storage.topic=everything.connect-offsets',
        'offset.flush.interval.ms=1000',
        'config.providers=aws',
        'config.providers.aws.class=polystore.AwsConfigProvider',
        'producer.acks=all',
        'producer.enable.idempotence=true',
      ]),
    );
    const overrides = Object.keys(connector().ConnectorConfiguration).filter((name) =>
      name.startsWith('producer.'),
    );
    expect(overrides).toEqual([]);
  });

  test('has another name whenever it has another plugin or worker, which cannot be changed in place', () => {
    const names = ['CustomPlugin', 'WorkerConfiguration'].flatMap((kind) =>
      Object.values(template.findResources(`AWS::KafkaConnect::${kind}`)).map(
        ({ Properties }) => Properties.Name,
      ),
    );

    for (const name of names) expect(name).toMatch(/^everything-dev-[0-9a-f]{12}$/);
    // Another generation is another connector as well: the offsets of the one before are no use to it.
    expect(connector().ConnectorName).toMatch(/^everything-dev-g0-[0-9a-f]{12}$/);
  });

  test('may write the topics it captures into, keep its own state, and read one secret', () => {
    expect(resourcesOf('kafka-cluster:WriteData')).toMatch(/everything\.changes\.place"/);
    expect(resourcesOf('kafka-cluster:WriteData')).toMatch(/__debezium-heartbeat\.everything"/);
    expect(resourcesOf('kafka-cluster:WriteData')).not.toMatch(/changes\.(item|event|reading)|changes\.\*/);
    expect(resourcesOf('kafka-cluster:ReadData')).not.toMatch(/changes/);
    expect(resourcesOf('secretsmanager:GetSecretValue')).toMatch(
      /^\[\{"Fn::ImportValue":"[^"]*MasterUserSecret/,
    );
    const wild = statements().filter(({ Resource }) => Resource === '*');
    expect(wild).toEqual([]);
  });

  test('is the only one for whom MSK Connect takes that role', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Principal: { Service: 'kafkaconnect.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
              ArnLike: { 'aws:SourceArn': Match.anyValue() },
            },
          }),
        ],
      },
    });
  });

  test('starts after the schema function made slot, publication and topics', () => {
    expect(deployed.stacks.capture?.dependencies).toContain(deployed.stacks.functions);
  });

  test('fails once with all that is wrong', () => {
    const { relational, log, network } = deployed.stacks;
    const build = () =>
      new CaptureConnector(new Stack(relational, 'Other'), 'Capture', {
        connectorName: 'a_b',
        generation: 0,
        pluginFile: '/nowhere',
        renderConnector: () => undefined,
        relational: relational.store,
        log: log.log,
        topics: [],
        offsetsTopic: 'offsets',
        vpc: network.network.vpc,
        securityGroups: [],
        units: 3,
      });

    expect(build).toThrow(/3 problem\(s\):.*connectorName is 'a_b'.*units are 3.*found nothing to capture/s);
  });
});
