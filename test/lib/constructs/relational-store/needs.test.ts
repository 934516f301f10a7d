import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Problems } from '../../../../lambda/model/problems.ts';
import {
  CaptureConnector,
  checkNeeds,
  DsqlCluster,
  LimitlessCluster,
  type LimitlessClusterProps,
  MultiAzCluster,
  needsOfCapture,
  needsOfFunctions,
  type RelationalDatabase,
  RelationalInstance,
  RelationalStore,
} from '../../../../lib/index.ts';
import { deploy, foreignVpc, newApp } from '../../deploy.ts';

function alone<T extends RelationalDatabase>(
  create: (stack: Stack, vpc: ReturnType<typeof foreignVpc>) => T,
): { readonly stack: Stack; readonly store: T } {
  const stack = new Stack(newApp(), 'Alone');
  return { stack, store: create(stack, foreignVpc(stack, 3)) };
}
const limitless = (props: Partial<LimitlessClusterProps> = {}) =>
  alone((stack, vpc) => new LimitlessCluster(stack, 'Relational', { vpc, maximumAcu: 64, ...props }));
const dsql = () => alone((stack, vpc) => new DsqlCluster(stack, 'Relational', { vpc }));

const problemsOf = (store: RelationalDatabase): string => {
  const problems = new Problems();
  checkNeeds(store, [...needsOfCapture, ...needsOfFunctions], problems);
  return problems.all.join('\n');
};

describe('LimitlessCluster', () => {
  const { stack, store } = limitless({ maximumAcu: 768, standbys: 2 });
  const template = Template.fromStack(stack);

  test('has what the manual asks for: no instance, I/O-optimized, monitoring, 31 days of insights, the log', () => {
    template.resourceCountIs('AWS::RDS::DBInstance', 0);
    template.hasResource('AWS::RDS::DBCluster', {
      DeletionPolicy: 'Snapshot',
      Properties: {
        ClusterScalabilityType: 'limitless',
        EngineVersion: Match.stringLikeRegexp('^16\\..*limitless$'),
        StorageType: 'aurora-iopt1',
        MonitoringInterval: 60,
        PerformanceInsightsRetentionPeriod: 31,
        EnableCloudwatchLogsExports: ['postgresql'],
        DeletionProtection: true,
        ManageMasterUserPassword: true,
      },
    });
  });

  test('is asked at the routers of its one shard group', () => {
    template.hasResourceProperties('AWS::RDS::DBShardGroup', {
      MinACU: 16,
      MaxACU: 768,
      ComputeRedundancy: 2,
      PubliclyAccessible: false,
    });
    for (const endpoint of [store.writerEndpoint, store.readerEndpoint, store.endpointOf('analytics')])
      expect(stack.resolve(endpoint)).toEqual({
        'Fn::Join': ['', [{ 'Fn::GetAtt': [expect.stringMatching('Shards'), 'Endpoint'] }, ':5432']],
      });
  });

  test('fails once with all that is wrong', () => {
    expect(() => limitless({ minimumAcu: 8, maximumAcu: 7000, standbys: 3 })).toThrow(
      /2 problem\(s\):.*are 8 and 7000: use 16 to 6144.*standbys are 3: use 0, 1, 2/s,
    );
  });
});

describe('DsqlCluster', () => {
  const { stack, store } = dsql();
  const template = Template.fromStack(stack);

  test('is kept, protected and encrypted with a key of its own', () => {
    template.hasResource('AWS::DSQL::Cluster', {
      DeletionPolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        KmsEncryptionKey: { 'Fn::GetAtt': [Match.stringLikeRegexp('RelationalKey'), 'Arn'] },
      },
    });
  });

  test('is reached by an endpoint in the VPC that lets nobody in by itself', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      ServiceName: { 'Fn::GetAtt': [Match.stringLikeRegexp('Relational'), 'VpcEndpointServiceName'] },
      PrivateDnsEnabled: true,
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
  });

  test('has no password, and says what to do instead', () => {
    expect(() => store.secret).toThrow(/has no secret: Aurora DSQL takes tokens of IAM only\. Sign a token/);
  });

  test('lets a role sign tokens for this cluster', () => {
    const found = dsql();
    const role = new Role(found.stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });

    found.store.grantConnect(role);

    Template.fromStack(found.stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({
        Statement: [
          {
            Action: 'dsql:DbConnect',
            Effect: 'Allow',
            Resource: { 'Fn::GetAtt': [Match.anyValue(), 'ResourceArn'] },
          },
        ],
      }),
    });
  });
});

describe('what Polystore needs', () => {
  test('RelationalStore, RelationalInstance and MultiAzCluster have', () => {
    const stack = new Stack(newApp(), 'Alone');
    const vpc = foreignVpc(stack, 3);
    const storage = { storageGib: 100 };

    const found = [
      new RelationalStore(stack, 'A', { vpc }),
      new RelationalInstance(stack, 'B', { vpc, ...storage, instanceClass: 'm8g.large' }),
      new MultiAzCluster(stack, 'C', { vpc, ...storage, instanceClass: 'r6gd.large' }),
    ].map(problemsOf);

    expect(found).toEqual(['', '', '']);
  });

  test('Limitless and DSQL lack by name, with what it is for and what to use', () => {
    expect(problemsOf(limitless().store)).toMatch(
      /lacks logicalReplication \(Aurora Limitless takes no create publication\), and Debezium captures changes by it: use RelationalStore.*lacks rowSecurity.*lacks partitions/s,
    );
    expect(problemsOf(dsql().store)).toMatch(
      /lacks logicalReplication.*lacks passwords.*lacks rowSecurity.*lacks plpgsql.*lacks partitions/s,
    );
  });

  test('the connector refuses a database that nothing can be captured from', () => {
    const { log, network } = deploy().stacks;
    const { store } = dsql();

    const build = () =>
      new CaptureConnector(new Stack(newApp(), 'Other'), 'Capture', {
        connectorName: 'flights',
        generation: 0,
        pluginFile: '/nowhere.zip',
        renderConnector: () => undefined,
        relational: store,
        log: log.log,
        topics: [],
        offsetsTopic: 'offsets',
        vpc: network.network.vpc,
        securityGroups: [],
      });

    expect(build).toThrow(/Other\/Capture has 2 problem\(s\):.*lacks logicalReplication.*lacks passwords/s);
  });
});
