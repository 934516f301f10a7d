import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SearchStore, type SearchStoreProps } from '../../../lib/index.ts';
import { deploy, environmentOf, everything, foreignVpc, newApp, templateOf } from '../deploy.ts';

const type = 'AWS::OpenSearchService::Domain';
const [dev, prod] = ['dev', 'prod'].map((name) =>
  templateOf(deploy({ catalog: everything, environment: environmentOf(name) }), 'search'),
) as [Template, Template];

function alone(props: Partial<SearchStoreProps>): Template {
  const stack = new Stack(newApp(), 'Alone');
  const vpc = foreignVpc(stack, 3);
  new SearchStore(stack, 'Search', { domainName: 'alone', vpc, ...props });
  return Template.fromStack(stack);
}

describe('SearchStore', () => {
  test('is the engine that runs on this machine', () => {
    dev.hasResourceProperties(type, { EngineVersion: 'OpenSearch_2.19' });
  });

  test('is encrypted on disk with a key of its own, between its nodes, and to its callers', () => {
    dev.hasResourceProperties(type, {
      EncryptionAtRestOptions: { Enabled: true, KmsKeyId: { Ref: Match.stringLikeRegexp('SearchKey') } },
      NodeToNodeEncryptionOptions: { Enabled: true },
      DomainEndpointOptions: {
        EnforceHTTPS: true,
        TLSSecurityPolicy: 'Policy-Min-TLS-1-2-PFS-2023-10',
      },
    });
  });

  test('asks whoever calls to be of this account, and to sign', () => {
    const domain = Object.values(dev.findResources(type))[0]?.Properties;

    expect(domain.AccessPolicies.Statement).toHaveLength(1);
    expect(domain.AccessPolicies.Statement[0]).toMatchObject({
      Effect: 'Allow',
      Action: 'es:ESHttp*',
      Principal: { AWS: { 'Fn::Join': ['', expect.arrayContaining([':root'])] } },
    });
    expect(JSON.stringify(domain.AccessPolicies.Statement[0].Resource)).toMatch(
      /:domain\/everything-dev\/\*/,
    );
  });

  test('lies in the VPC, behind a group that lets in functions only', () => {
    dev.hasResourceProperties(type, {
      VPCOptions: {
        SubnetIds: [Match.anyValue()],
        SecurityGroupIds: [{ 'Fn::ImportValue': Match.stringLikeRegexp('SearchServer') }],
      },
    });
    alone({}).hasResourceProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
  });

  test('is one small node in dev', () => {
    dev.hasResourceProperties(type, {
      ClusterConfig: {
        InstanceCount: 1,
        InstanceType: 't3.small.search',
        ZoneAwarenessEnabled: false,
        DedicatedMasterEnabled: false,
      },
    });
  });

  test('is spread over three zones in prod, with nodes that only manage', () => {
    prod.hasResourceProperties(type, {
      ClusterConfig: {
        InstanceCount: 3,
        ZoneAwarenessEnabled: true,
        ZoneAwarenessConfig: { AvailabilityZoneCount: 3 },
        DedicatedMasterEnabled: true,
        DedicatedMasterCount: 3,
        DedicatedMasterType: 'm7g.large.search',
      },
      VPCOptions: { SubnetIds: [Match.anyValue(), Match.anyValue(), Match.anyValue()] },
    });
  });

  test('writes slow searches, slow writes and errors where it alone may write', () => {
    const on = { Enabled: true, CloudWatchLogsLogGroupArn: Match.anyValue() };
    dev.hasResourceProperties(type, {
      LogPublishingOptions: { SEARCH_SLOW_LOGS: on, INDEX_SLOW_LOGS: on, ES_APPLICATION_LOGS: on },
    });
    const [permission] = Object.entries(dev.findResources('AWS::Logs::ResourcePolicy'));

    expect(JSON.stringify(permission?.[1].Properties.PolicyDocument)).toMatch(
      /es\.amazonaws\.com.*aws:SourceArn.*everything-dev/,
    );
    dev.hasResource(type, { DependsOn: [permission?.[0]] });
  });

  test('gets a newer engine in place, and is kept when its stack goes', () => {
    dev.hasResource(type, {
      UpdatePolicy: { EnableVersionUpgrade: true },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
    dev.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Retain' });
    alone({ removalPolicy: RemovalPolicy.DESTROY }).hasResource(type, { DeletionPolicy: 'Delete' });
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      alone({
        domainName: 'A',
        dataNodes: 4,
        dataNodeType: 'r7g.large',
        managerType: 'm',
        storageGibPerNode: 1,
      });

    expect(build).toThrow(
      /5 problem\(s\):.*domainName is 'A'.*dataNodes is 4 over 3 zones.*dataNodeType is 'r7g\.large'.*managerType is 'm'.*storageGibPerNode is 1/s,
    );
  });
});
