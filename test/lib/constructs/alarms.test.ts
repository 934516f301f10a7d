import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as lib from '../../../lib/index.ts';
import { deploy, everything, templateOf } from '../deploy.ts';

/** A stack with a topic that somebody else made: what every construct of alarms needs. */
function newStack(): { readonly stack: Stack; readonly notify: ITopic } {
  const stack = new Stack(new App(), 'Test');
  return { stack, notify: sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:000000000000:told') };
}

interface Alarm {
  readonly Properties: {
    readonly AlarmDescription: string;
    readonly AlarmActions?: readonly unknown[];
    readonly OKActions?: readonly unknown[];
    readonly Metrics?: readonly object[];
  };
}
const alarmsOf = (template: Template): readonly Alarm[] =>
  // What `findResources` returns is what the template has.
  Object.values(template.findResources('AWS::CloudWatch::Alarm')) as unknown as readonly Alarm[];

/** What an alarm looks at: `namespace/metric{dimension=value,…}`. */
const metric = (namespace: string, name: string, dimensions: Readonly<Record<string, unknown>>) => ({
  Namespace: namespace,
  MetricName: name,
  Dimensions: Object.entries(dimensions)
    .map(([Name, Value]) => ({ Name, Value }))
    .sort((a, b) => (a.Name < b.Name ? -1 : 1)),
});

describe('alarms of a deployment', () => {
  const deployed = deploy({ catalog: everything });
  const watched = deployed.parts.filter((part) => part !== 'network');

  test.each(watched)('of %s exist, and each tells somebody, that it rings and that it is over', (part) => {
    const alarms = alarmsOf(templateOf(deployed, part));

    expect(alarms.length).toBeGreaterThan(0);
    for (const { Properties: alarm } of alarms) {
      expect(alarm.AlarmActions).toHaveLength(1);
      expect(alarm.OKActions).toEqual(alarm.AlarmActions);
    }
  });

  test('are in the stack of what they look at, so that an instance or a function can go', () => {
    for (const part of watched)
      expect(
        JSON.stringify(alarmsOf(templateOf(deployed, part)).map(({ Properties }) => Properties)).replace(
          /\{"Fn::ImportValue":"Everything-Dev-Alarms:[^"]*"\}/g,
          '',
        ),
      ).not.toContain('Fn::ImportValue');
  });

  test('use no more metrics in an expression than CloudWatch takes', () => {
    // Ten, and the expressions themselves.
    for (const part of watched)
      for (const { Properties } of alarmsOf(templateOf(deployed, part)))
        expect(Properties.Metrics?.filter((each) => 'MetricStat' in each).length ?? 0).toBeLessThanOrEqual(
          10,
        );
  });

  test('have dashboards where the environment wants them', () => {
    const withDashboards = deploy({
      environment: { alarms: { emails: ['a@b.test'], dashboards: true, monthlyBudgetUsd: 1 } },
    });

    for (const part of withDashboards.parts.filter((each) => each !== 'network'))
      expect(
        Object.keys(templateOf(withDashboards, part).findResources('AWS::CloudWatch::Dashboard')).length,
      ).toBeGreaterThan(0);
    for (const part of deployed.parts)
      templateOf(deployed, part).resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});

describe('who is told', () => {
  test('gets messages by TLS only, encrypted with a key that alarms and budgets of this account may use', () => {
    const { stack } = newStack();
    new lib.AlarmTopic(stack, 'Told', { displayName: 'test', emails: ['a@b.test'] });

    const template = Template.fromStack(stack);

    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'a@b.test' });
    for (const service of ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com']) {
      const allowed = (Action: unknown) => ({
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: service },
            Action,
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
              ArnLike: { 'aws:SourceArn': Match.anyValue() },
            },
          }),
        ]),
      });
      template.hasResourceProperties('AWS::SNS::TopicPolicy', { PolicyDocument: allowed('sns:Publish') });
      template.hasResourceProperties('AWS::KMS::Key', {
        KeyPolicy: allowed(['kms:Decrypt', 'kms:GenerateDataKey*']),
      });
    }
  });

  test('is warned of at synth when it is nobody', () => {
    const { stack } = newStack();
    new lib.AlarmTopic(stack, 'Told', { displayName: 'test' });

    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('Nobody is subscribed'));
  });

  test('must be an address', () => {
    const { stack } = newStack();

    expect(() => new lib.AlarmTopic(stack, 'Told', { displayName: 'test', emails: ['nobody'] })).toThrow(
      /emails has 'nobody'.*use addresses/s,
    );
  });
});

describe('alarms of Aurora', () => {
  const { stack, notify } = newStack();
  new lib.RelationalAlarms(stack, 'Alarms', {
    notify,
    clusterIdentifier: 'c',
    instances: [
      { identifier: 'writer', resourceId: 'db-W', memoryGib: 16, connections: 1000 },
      { identifier: 'd1', memoryGib: 16, connections: 1000, workload: 'dashboard' },
      { identifier: 'r1', memoryGib: 32, connections: 40, workload: 'reporting' },
    ],
  });
  const template = Template.fromStack(stack);
  const rings = (properties: object): void =>
    template.hasResourceProperties('AWS::CloudWatch::Alarm', properties);

  test.each([200, 500, 1000])('ring at %i ms of lag of a reader for dashboards', (Threshold) => {
    rings({ ...metric('AWS/RDS', 'AuroraReplicaLag', { DBInstanceIdentifier: 'd1' }), Threshold });
  });

  test('ring for reports only above the 300 ms that these may be old', () => {
    const levels = Object.values(
      template.findResources('AWS::CloudWatch::Alarm', {
        Properties: metric('AWS/RDS', 'AuroraReplicaLag', { DBInstanceIdentifier: 'r1' }),
      }),
    ).map(({ Properties }) => Properties.Threshold);

    expect(levels.sort((a, b) => a - b)).toEqual([500, 1000]);
  });

  test('ring for WAL that a slot keeps, for processors and for capacity', () => {
    for (const name of ['OldestReplicationSlotLag', 'TransactionLogsDiskUsage'])
      rings({
        ...metric('AWS/RDS', name, { DBClusterIdentifier: 'c', Role: 'WRITER' }),
        Threshold: 10 * 2 ** 30,
      });
    rings({ ...metric('AWS/RDS', 'CPUUtilization', { DBClusterIdentifier: 'c' }), Threshold: 80 });
    rings({ ...metric('AWS/RDS', 'ACUUtilization', { DBClusterIdentifier: 'c' }), Threshold: 90 });
  });

  test('ring at 90 % of memory and at 80 % of connections, of each size by itself', () => {
    rings({
      ...metric('AWS/RDS', 'FreeableMemory', { DBInstanceIdentifier: 'r1' }),
      Statistic: 'Minimum',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: Math.round(3.2 * 2 ** 30),
    });
    rings({ ...metric('AWS/RDS', 'DatabaseConnections', { DBInstanceIdentifier: 'r1' }), Threshold: 32 });
    rings({
      Threshold: 800,
      Metrics: Match.arrayWith([
        Match.objectLike({
          MetricStat: { Metric: metric('AWS/RDS', 'DatabaseConnections', { DBInstanceIdentifier: 'd1' }) },
        }),
      ]),
    });
  });

  test('ring at 30 % of io wait where the instance is known to Performance Insights', () => {
    rings({
      Threshold: 30,
      Metrics: [
        Match.objectLike({ Expression: "DB_PERF_INSIGHTS('RDS', 'db-W', 'os.cpuUtilization.wait.avg')" }),
      ],
    });
  });

  test('learn what a commit takes, and where that is known ring at twice of it', () => {
    rings({
      ComparisonOperator: 'GreaterThanUpperThreshold',
      Metrics: Match.arrayWith([
        Match.objectLike({ Expression: Match.stringLikeRegexp('^ANOMALY_DETECTION_BAND') }),
      ]),
    });
    const other = newStack();
    new lib.RelationalAlarms(other.stack, 'Alarms', {
      notify: other.notify,
      clusterIdentifier: 'c',
      instances: [],
      baselineMs: { commit: 6, read: 2 },
    });
    const known = Template.fromStack(other.stack);
    known.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'CommitLatency', Threshold: 12 });
    // In seconds.
    known.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'ReadLatency', Threshold: 0.004 });
  });
});

describe('alarms of the other stores ring', () => {
  test('for every node of a Valkey cluster by its own name, and for evictions only where views are', () => {
    const { stack, notify } = newStack();
    const size = { shards: 2, replicasPerShard: 1 };
    new lib.CacheAlarms(stack, 'Views', { notify, replicationGroupId: 'v', ...size, eviction: 'noeviction' });
    new lib.CacheAlarms(stack, 'Cache', {
      notify,
      replicationGroupId: 'c',
      ...size,
      eviction: 'allkeys-lru',
    });

    const text = JSON.stringify(Template.fromStack(stack).toJSON());

    for (const node of ['v-0001-001', 'v-0001-002', 'v-0002-001', 'v-0002-002']) expect(text).toContain(node);
    const metricsOf = (group: string): readonly string[] =>
      alarmsOf(Template.fromStack(stack))
        .map(({ Properties }) => JSON.stringify(Properties))
        .filter((each) => each.includes(`"${group}-0001-001"`));
    expect(
      metricsOf('v').filter((each) => /Evictions|DatabaseMemoryUsagePercentage/.test(each)),
    ).toHaveLength(2);
    expect(
      metricsOf('c').filter((each) => /Evictions|DatabaseMemoryUsagePercentage/.test(each)),
    ).toHaveLength(0);
  });

  test('for more than ten nodes in several alarms', () => {
    const { stack, notify } = newStack();
    new lib.CacheAlarms(stack, 'Views', {
      notify,
      replicationGroupId: 'v',
      shards: 4,
      replicasPerShard: 2,
      eviction: 'noeviction',
    });

    const memory = alarmsOf(Template.fromStack(stack)).filter(({ Properties }) =>
      JSON.stringify(Properties).includes('DatabaseMemoryUsagePercentage'),
    );

    expect(memory.map(({ Properties }) => Properties.Metrics?.length)).toEqual([11, 3]);
  });

  test('for each broker, and for a consumer that is behind by more than its window explains', () => {
    const { stack, notify } = newStack();
    new lib.LogAlarms(stack, 'Alarms', {
      notify,
      clusterName: 'k',
      brokers: 3,
      consumers: [{ name: 'apply-archive', windowSeconds: 300, groups: [{ group: 'g', topic: 't' }] }],
    });
    const template = Template.fromStack(stack);

    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...metric('AWS/Kafka', 'SumOffsetLag', { 'Cluster Name': 'k', 'Consumer Group': 'g', Topic: 't' }),
      Threshold: 60_000,
    });
    for (const broker of ['1', '2', '3'])
      template.hasResourceProperties('AWS::CloudWatch::Alarm', {
        Threshold: 80,
        Metrics: Match.arrayWith([
          Match.objectLike({ Expression: `cpuUser${broker} + cpuSystem${broker}` }),
          Match.objectLike({
            MetricStat: {
              Metric: metric('AWS/Kafka', 'CpuUser', { 'Broker ID': broker, 'Cluster Name': 'k' }),
            },
          }),
        ]),
      });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Threshold: 30,
      Metrics: Match.arrayWith([
        Match.objectLike({
          MetricStat: {
            Metric: metric('AWS/Kafka', 'CpuIoWait', { 'Broker ID': '1', 'Cluster Name': 'k' }),
          },
        }),
      ]),
    });
  });

  test.each([
    ['standard', true, true],
    ['express', true, false],
    ['serverless', false, false],
  ] as const)('for what MSK tells of %s brokers, and of their consumers', (kind, cpu, disk) => {
    const { stack, notify } = newStack();
    new lib.LogAlarms(stack, 'Alarms', {
      ...{ notify, kind, clusterName: 'k', brokers: 3 },
      consumers: [{ name: 'apply-redis', windowSeconds: 0, groups: [{ group: 'g', topic: 't' }] }],
    });

    const text = JSON.stringify(alarmsOf(Template.fromStack(stack)));

    expect(text.includes('CpuUser')).toBe(cpu);
    expect(text.includes('KafkaDataLogsDiskUsed')).toBe(disk);
    expect(text).toContain('SumOffsetLag');
  });

  test('for throttles of a DynamoDB table and of its indexes together', () => {
    const { stack, notify } = newStack();
    new lib.TableAlarms(stack, 'Alarms', { notify, tableName: 't', globalIndexes: ['i'] });

    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      Threshold: 0,
      Metrics: [
        Match.objectLike({ Expression: 'FILL(writeThrottleEvents0_0, 0) + FILL(writeThrottleEvents0_1, 0)' }),
        Match.objectLike({
          MetricStat: { Metric: metric('AWS/DynamoDB', 'WriteThrottleEvents', { TableName: 't' }) },
        }),
        Match.objectLike({
          MetricStat: {
            Metric: metric('AWS/DynamoDB', 'WriteThrottleEvents', {
              GlobalSecondaryIndexName: 'i',
              TableName: 't',
            }),
          },
        }),
      ],
    });
  });

  test('for a function that is late in its stream, in its topics, or nearly out of time', () => {
    const { stack, notify } = newStack();
    new lib.FunctionAlarms(stack, 'Alarms', {
      notify,
      functions: [
        {
          name: 'capture',
          functionName: 'c',
          timeoutSeconds: 60,
          reads: { kind: 'dynamodb-stream', windowSeconds: 0 },
        },
        {
          name: 'apply-redis',
          functionName: 'r',
          timeoutSeconds: 30,
          reads: { kind: 'change-log', windowSeconds: 0 },
        },
      ],
      accountConcurrency: 500,
    });
    const template = Template.fromStack(stack);
    const rings = (properties: object): void =>
      template.hasResourceProperties('AWS::CloudWatch::Alarm', properties);

    rings({ ...metric('AWS/Lambda', 'IteratorAge', { FunctionName: 'c' }), Threshold: 60_000 });
    rings({ ...metric('AWS/Lambda', 'OffsetLag', { FunctionName: 'r' }), Threshold: 10_000 });
    rings({ ...metric('AWS/Lambda', 'Duration', { FunctionName: 'r' }), Threshold: 27_000 });
    rings({ ...metric('AWS/Lambda', 'Throttles', { FunctionName: 'r' }), Threshold: 0 });
    rings({ MetricName: 'ConcurrentExecutions', Threshold: 400 });
  });

  test('for a hundredth of an API that fails', () => {
    const { stack, notify } = newStack();
    new lib.ApiAlarms(stack, 'Alarms', {
      notify,
      api: { kind: 'http', apiId: 'a', stage: '$default' },
      baselineMs: 40,
    });
    const template = Template.fromStack(stack);

    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Threshold: 1,
      Metrics: Match.arrayWith([Match.objectLike({ Expression: '100 * errors / requests' })]),
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...metric('AWS/ApiGateway', 'Latency', { ApiId: 'a', Stage: '$default' }),
      ExtendedStatistic: 'p99',
      Threshold: 80,
    });
  });

  test('for a search domain whose storage runs out, in the unit of its metric', () => {
    const { stack, notify } = newStack();
    new lib.SearchAlarms(stack, 'Alarms', {
      notify,
      domainName: 'd',
      storageGibPerNode: 100,
      managers: false,
    });

    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...metric('AWS/ES', 'FreeStorageSpace', { ClientId: { Ref: 'AWS::AccountId' }, DomainName: 'd' }),
      Statistic: 'Minimum',
      Threshold: 25 * 1024,
    });
  });

  test('for the tables of Keyspaces, the bucket of the archive and the connector', () => {
    const { stack, notify } = newStack();
    new lib.WideColumnAlarms(stack, 'Wide', { notify, keyspaceName: 'k', tables: ['t'] });
    new lib.ArchiveAlarms(stack, 'Archive', { notify, bucketName: 'b', requestMetrics: 'all' });
    new lib.CaptureAlarms(stack, 'Capture', { notify, connectorName: 'd' });
    const template = Template.fromStack(stack);
    const rings = (properties: object): void =>
      template.hasResourceProperties('AWS::CloudWatch::Alarm', properties);

    rings(
      metric('AWS/Cassandra', 'ReadThrottleEvents', { Keyspace: 'k', Operation: 'SELECT', TableName: 't' }),
    );
    rings(metric('AWS/S3', '5xxErrors', { BucketName: 'b', FilterId: 'all' }));
    rings(metric('AWS/KafkaConnect', 'ErroredTaskCount', { ConnectorName: 'd' }));
  });
});

describe('a budget', () => {
  test('counts what carries the tag, and tells at 80 and 100 % spent and 100 % expected', () => {
    const { stack, notify } = newStack();
    new lib.CostBudget(stack, 'Budget', {
      budgetName: 'b',
      monthlyUsd: 10,
      tag: { key: 'polystore:environment', value: 'dev' },
      notify,
    });
    const template = Template.fromStack(stack);

    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: {
        BudgetLimit: { Amount: 10, Unit: 'USD' },
        CostFilters: { TagKeyValue: ['user:polystore:environment$dev'] },
      },
      NotificationsWithSubscribers: [
        { Notification: { NotificationType: 'ACTUAL', Threshold: 80 } },
        { Notification: { NotificationType: 'ACTUAL', Threshold: 100 } },
        { Notification: { NotificationType: 'FORECASTED', Threshold: 100 } },
      ],
    });
  });

  test('is more than nothing', () => {
    const { stack, notify } = newStack();
    const build = () =>
      new lib.CostBudget(stack, 'Budget', {
        budgetName: 'a:b',
        monthlyUsd: 0,
        tag: { key: 'k', value: 'v' },
        notify,
      });

    expect(build).toThrow(/2 problem\(s\):.*monthlyUsd is 0.*budgetName is 'a:b'/s);
  });
});
