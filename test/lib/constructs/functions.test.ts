import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { environmentNames, type FunctionSpec, functionsOf } from '../../../lambda/model/index.ts';
import { reservationsOf } from '../../../lib/constructs/functions/reservations.ts';
import { type CacheStore, Functions, LimitlessCluster, type Stores } from '../../../lib/index.ts';
import { deploy, dev, everything } from '../deploy.ts';

const deployed = deploy({ catalog: everything });
const template = deployed.templates.functions;
const specs = functionsOf(deployed.catalog);

/** The properties of one function, found by its description. */
function functionOf(spec: FunctionSpec) {
  const found = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { Description: spec.description } }),
  );
  expect(found).toHaveLength(1);
  return found[0];
}

function specOf(name: FunctionSpec['name']): FunctionSpec {
  const found = specs.find((spec) => spec.name === name);
  if (found === undefined) throw new TypeError(`the sample needs ${name}`);
  return found;
}

const variablesOf = (spec: FunctionSpec): Record<string, unknown> =>
  functionOf(spec)?.Properties.Environment.Variables;

/** The event source mappings of one function. */
const mappingsOf = (spec: FunctionSpec) => {
  const id = Object.keys(
    template.findResources('AWS::Lambda::Function', { Properties: { Description: spec.description } }),
  )[0];
  return Object.values(
    template.findResources('AWS::Lambda::EventSourceMapping', { Properties: { FunctionName: { Ref: id } } }),
  ).map((mapping) => mapping.Properties);
};

describe.each(specs.map((spec) => [spec.name, spec] as const))('%s', (_name, spec) => {
  test('is a bundle on Node 24, with the machine, memory and time of its spec', () => {
    expect(functionOf(spec)?.Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: [spec.architecture],
      Handler: 'dist/index.handler',
      MemorySize: spec.memoryMb,
      Timeout: spec.timeoutSeconds,
      TracingConfig: { Mode: 'Active' },
    });
  });

  test('is told nothing but documented names, and one of Node’s for the certificates of RDS', () => {
    const documented: readonly string[] = Object.values(environmentNames);
    const usesAurora = spec.backends.some((backend) => backend.startsWith('aurora'));

    const others = Object.keys(variablesOf(spec)).filter((name) => !documented.includes(name));

    expect(others).toEqual(usesAurora ? ['NODE_EXTRA_CA_CERTS'] : []);
  });

  test('is told of its own backends only', () => {
    const uses = (...backends: readonly string[]): boolean =>
      spec.backends.some((backend) => backends.includes(backend));
    const names = Object.keys(variablesOf(spec));

    expect({
      aurora: names.includes(environmentNames.auroraWriter) && names.includes(environmentNames.auroraSecret),
      replicas: names.includes(environmentNames.auroraReporting),
      table: names.includes(environmentNames.dynamodbTable),
      deadLetters: names.includes(environmentNames.deadLettersTable),
      redis: names.includes(environmentNames.redisEndpoint),
      keyspaces:
        names.includes(environmentNames.keyspacesEndpoint) && names.includes(environmentNames.keyspacesName),
      opensearch: names.includes(environmentNames.opensearchEndpoint),
      archive: names.includes(environmentNames.archiveLocation),
      readArchive: names.includes(environmentNames.archiveFunction),
      writeArchive: names.includes(environmentNames.archiveWriter),
      combine: names.includes(environmentNames.combineFunction),
      log: names.includes(environmentNames.logBrokers),
      callers: names.includes(environmentNames.jwtIssuer),
      tokens: names.includes(environmentNames.tokenSecret),
    }).toEqual({
      aurora: uses('aurora-writer', 'aurora-replica'),
      replicas: uses('aurora-replica'),
      table: uses('dynamodb'),
      deadLetters: uses('dead-letters'),
      redis: uses('redis'),
      keyspaces: uses('keyspaces'),
      opensearch: uses('opensearch'),
      archive: uses('archive'),
      readArchive: uses('read-archive'),
      writeArchive: uses('write-archive'),
      combine: uses('combine'),
      log: uses('change-log'),
      callers: spec.trigger.kind === 'http',
      // What combines is sent the tokens of whom it reads for.
      tokens: spec.trigger.kind === 'http' || spec.name === 'combine',
    });
  });

  test('runs as often at once as is reserved for it, and no more often than its spec says', () => {
    const reserved = functionOf(spec)?.Properties.ReservedConcurrentExecutions;

    expect(reserved).toBe(reservationsOf(everything).get(spec.name));
    if (spec.maximumConcurrency !== undefined) expect(reserved).toBe(spec.maximumConcurrency);
  });

  test('lies in the VPC with one group of its own', () => {
    const { SecurityGroupIds: groups, SubnetIds: subnets } = functionOf(spec)?.Properties.VpcConfig ?? {};

    expect(groups).toEqual([{ 'Fn::ImportValue': expect.stringMatching('Client') }]);
    expect(subnets).toHaveLength(2);
  });

  test('has a log group that forgets', () => {
    const logGroup = functionOf(spec)?.Properties.LoggingConfig.LogGroup.Ref;

    expect(template.findResources('AWS::Logs::LogGroup')[logGroup]?.Properties).toMatchObject({
      RetentionInDays: dev.logRetentionDays,
    });
  });

  test('has the event sources of its spec, as the runner on this machine has them', () => {
    const { trigger } = spec;
    const mappings = mappingsOf(spec);

    if (trigger.kind === 'dynamodb-stream')
      expect(mappings).toEqual([
        {
          EventSourceArn: { 'Fn::ImportValue': expect.stringMatching('StreamArn') },
          FunctionName: expect.anything(),
          StartingPosition: 'TRIM_HORIZON',
          BatchSize: trigger.batchSize,
          MaximumBatchingWindowInSeconds: trigger.maximumBatchingWindowMs / 1000,
          MaximumRetryAttempts: trigger.maximumRetryAttempts,
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          Tags: expect.anything(),
        },
      ]);
    else if (trigger.kind === 'change-log')
      expect(mappings).toEqual(
        trigger.topics.map((topic) => ({
          EventSourceArn: { 'Fn::ImportValue': expect.stringMatching('LogCluster') },
          FunctionName: expect.anything(),
          Topics: [topic],
          AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: `everything-${spec.name}-${topic}` },
          StartingPosition: 'TRIM_HORIZON',
          BatchSize: trigger.batchSize,
          MaximumBatchingWindowInSeconds: trigger.maximumBatchingWindowMs / 1000,
          Tags: expect.anything(),
        })),
      );
    else expect(mappings).toEqual([]);
  });
});

describe('Functions', () => {
  test('are those of the model and no more', () => {
    const found = Object.values(
      template.findResources('AWS::Lambda::Function', { Properties: { Handler: 'dist/index.handler' } }),
    );

    expect(found.map((fn) => fn.Properties.Description).sort()).toEqual(
      specs.map((spec) => spec.description).sort(),
    );
  });

  test('give up on no change and send none elsewhere', () => {
    template.resourcePropertiesCountIs(
      'AWS::Lambda::EventSourceMapping',
      { DestinationConfig: Match.anyValue() },
      0,
    );
    template.resourceCountIs('AWS::Lambda::EventInvokeConfig', 0);
  });

  test('run the schema in the deployment, waiting as long as it may take', () => {
    template.hasResourceProperties('Custom::Trigger', {
      HandlerArn: { Ref: Match.stringLikeRegexp('Functionsschema.*CurrentVersion') },
      InvocationType: 'RequestResponse',
      Timeout: String(specOf('schema').timeoutSeconds * 1000),
      ExecuteOnHandlerChange: true,
    });
  });

  test('run the schema before any other function or trigger is made or changed', () => {
    const [run] = Object.keys(template.findResources('Custom::Trigger'));
    const waiting = [
      ...specs.filter(({ name }) => name !== 'schema').map((spec) => functionOf(spec)),
      ...Object.values(template.findResources('AWS::Lambda::EventSourceMapping')),
    ];

    expect(waiting.length).toBeGreaterThan(5);
    for (const resource of waiting) expect(resource?.DependsOn).toContain(run);
  });

  test('share a secret for tokens that is made on AWS and kept', () => {
    template.hasResource('AWS::SecretsManager::Secret', {
      DeletionPolicy: 'Retain',
      Properties: {
        GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
        SecretString: Match.absent(),
      },
    });
  });

  test('fail once with all that is wrong, views in a cache that evicts among it', () => {
    const { stacks, catalog } = deployed;
    const build = () =>
      new Functions(new Stack(stacks.network, 'Other'), 'Functions', {
        catalog,
        codeFolder: '/nowhere',
        network: stacks.network.network,
        stores: {
          relational: stacks.relational.store,
          table: stacks.table.store,
          // The types refuse it; a program without types could still do it.
          views: stacks.cache.cache as CacheStore as Stores['views'],
          log: stacks.log.log,
          wideColumn: undefined,
          search: undefined,
          archive: undefined,
        },
        generation: 128,
        identity: {
          issuer: 'http://a.test',
          audience: 'b',
          keys: { kind: 'url', url: 'http://a.test/jwks' },
        },
      });

    expect(build).toThrow(
      /4 problem\(s\):.*generation is 128.*identity\.issuer.*identity\.keys\.url.*stores\.views evicts \(allkeys-lru\)/s,
    );
  });

  test('refuse a database that lacks what they need, by the name of each need', () => {
    const { stacks, catalog } = deployed;
    const stack = new Stack(stacks.network, 'Sharded');
    const { vpc } = stacks.network.network;
    const build = () =>
      new Functions(stack, 'Functions', {
        catalog,
        codeFolder: '/nowhere',
        network: stacks.network.network,
        stores: {
          relational: new LimitlessCluster(stack, 'Relational', { vpc, maximumAcu: 64 }),
          table: stacks.table.store,
          views: stacks.cache.views,
          log: stacks.log.log,
          wideColumn: undefined,
          search: undefined,
          archive: undefined,
        },
        generation: 0,
        identity: { issuer: 'https://a.test', audience: 'b', keys: { kind: 'document', document: '{}' } },
      });

    expect(build).toThrow(/2 problem\(s\):.*relational lacks rowSecurity.*relational lacks partitions/s);
  });
});
