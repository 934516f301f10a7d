import { describe, expect, test } from '@jest/globals';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { compile } from '../../../lambda/model/index.ts';
import { dailyIndexLoads, SearchStore, type SearchStoreProps } from '../../../lib/index.ts';
import flights from '../../../model/flights.ts';
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

  test('warm and cold storage are options of the domain', () => {
    const warm = { warmType: 'ultrawarm1.medium.search', warmNodes: 2 } as const;
    const withTiers = (cold?: boolean) =>
      alone({
        managerType: 'm7g.large.search',
        tiers: { ...warm, ...(cold === undefined ? {} : { cold }) },
      });

    alone({}).hasResourceProperties(type, { ClusterConfig: { WarmEnabled: Match.absent() } });
    withTiers().hasResourceProperties(type, {
      ClusterConfig: {
        WarmEnabled: true,
        WarmType: 'ultrawarm1.medium.search',
        WarmCount: 2,
        ColdStorageOptions: { Enabled: false },
      },
    });
    withTiers(true).hasResourceProperties(type, {
      ClusterConfig: { WarmEnabled: true, ColdStorageOptions: { Enabled: true } },
    });
  });

  test('refuses warm nodes that AWS would refuse, with all that is wrong', () => {
    const build = () =>
      alone({
        dataNodeType: 't3.medium.search',
        storageGibPerNode: 300,
        offPeakHour: 24,
        // What JavaScript may give.
        tiers: { warmType: 'r7g.large.search' as 'ultrawarm1.large.search', warmNodes: 1, cold: true },
      });

    expect(build).toThrow(
      /6 problem\(s\):.*storageGibPerNode is 300, and t3\.medium\.search takes 200.*tiers\.warmType is 'r7g\.large\.search'.*tiers\.warmNodes is 1: use 2 to 150.*need dedicated managers.*do not go with data nodes of t3\.medium\.search.*offPeakHour is 24/s,
    );
  });

  test('has fine-grained access by a role, without passwords, where it is asked for', () => {
    const template = alone({ fineGrainedAccess: true });

    template.hasResourceProperties(type, {
      AdvancedSecurityOptions: {
        Enabled: true,
        InternalUserDatabaseEnabled: false,
        MasterUserOptions: {
          MasterUserARN: { 'Fn::GetAtt': [Match.stringLikeRegexp('AccessManager'), 'Arn'] },
        },
      },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Action: ['es:ESHttpGet', 'es:ESHttpPut'],
            Resource: ['roles', 'rolesmapping'].map((what) => ({
              'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(`/_security/api/${what}/\\*$`)])],
            })),
          }),
        ],
      },
    });
    alone({}).hasResourceProperties(type, { AdvancedSecurityOptions: Match.absent() });
  });

  test('may be updated from the hour that it is told', () => {
    const starting = (Hours: number) => ({
      OffPeakWindowOptions: { Enabled: true, OffPeakWindow: { WindowStartTime: { Hours, Minutes: 0 } } },
    });

    alone({}).hasResourceProperties(type, starting(3));
    alone({ offPeakHour: 22 }).hasResourceProperties(type, starting(22));
  });

  test('holds rate × days × copies by AWS’s own arithmetic, or says what would', () => {
    // Its example: 66 GiB of rows with one copy beside the first want 191 GiB of small volumes.
    const indices = [{ name: 'event.log', bytesPerDay: 6.6 * 2 ** 30, keepDays: 10 }];
    const nodes = (storageGibPerNode: number) => alone({ dataNodes: 3, storageGibPerNode, indices });

    expect(() => nodes(64)).toThrow(
      /storageGibPerNode is 64 on 3 nodes, of which 144 GiB may be filled; event\.log comes to 146 GiB in 2 copies: use 65 GiB or more/,
    );
    expect(() => nodes(65)).not.toThrow();
  });

  test('takes days and rates from the model', () => {
    const loads = dailyIndexLoads(compile(flights));

    expect(loads).toEqual([{ name: 'flight_event.log', bytesPerDay: 3006 * 281, keepDays: 31 }]);
  });
});
