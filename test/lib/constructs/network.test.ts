import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { compile, functionsOf } from '../../../lambda/model/index.ts';
import { type Edge, edgesOf, Network } from '../../../lib/index.ts';
import flights from '../../../model/flights.ts';
import { deploy, dev, everything, newApp } from '../deploy.ts';

const specs = functionsOf(compile(flights));
const { network: template } = deploy().templates;

/** Rules into servers as `from to`: what can be reached at all. */
const ingressOf = (found: Template): readonly string[] =>
  Object.values(found.findResources('AWS::EC2::SecurityGroupIngress'))
    .map((rule) => `${rule.Properties.Description} ${rule.Properties.FromPort}`)
    .sort();

describe('edgesOf', () => {
  test('gives apply-redis the views and the dead letters, and no way to Aurora, the log or the internet', () => {
    const edges = edgesOf(specs, { keysByUrl: true });

    expect(edges.filter(({ from }) => from === 'apply-redis').map(({ to }) => to)).toEqual([
      'views',
      'dynamodb',
    ]);
  });

  test('leads to the internet only for functions that check credentials, and only if keys are fetched', () => {
    const byUrl = edgesOf(specs, { keysByUrl: true });
    const byDocument = edgesOf(specs, { keysByUrl: false });

    const online = (edges: readonly Edge[]) =>
      edges.filter(({ to }) => to === 'internet').map(({ from }) => from);
    expect(online(byUrl)).toEqual(['query', 'ingest']);
    expect(online(byDocument)).toEqual([]);
  });

  test('names each edge once', () => {
    const edges = edgesOf(specs, { keysByUrl: true }).map(({ from, to }) => `${from} ${to}`);

    expect(new Set(edges).size).toBe(edges.length);
  });
});

describe('Network', () => {
  test('opens exactly the ports of the data flow', () => {
    expect(ingressOf(template)).toEqual([
      'Lambda pollers to Lambda, STS and Secrets Manager 443',
      'Lambda pollers to brokers 9098',
      'apply-aurora to endpoints 443',
      'apply-aurora to relational 5432',
      'apply-keyspaces to wide-column 9142',
      'apply-opensearch to search 443',
      'apply-redis to views 6379',
      'capture to log 9098',
      'combine to endpoints 443',
      'combine to relational 5432',
      'combine to search 443',
      'combine to views 6379',
      'combine to wide-column 9142',
      'debezium to endpoints 443',
      'debezium to log 9098',
      'debezium to relational 5432',
      'ingest to endpoints 443',
      'ingest to log 9098',
      'project to endpoints 443',
      'project to log 9098',
      'project to relational 5432',
      'project to search 443',
      'project to views 6379',
      'project to wide-column 9142',
      'query to endpoints 443',
      'query to relational 5432',
      'query to search 443',
      'query to views 6379',
      'query to wide-column 9142',
      'schema to endpoints 443',
      'schema to log 9098',
      'schema to relational 5432',
      'schema to search 443',
      'schema to wide-column 9142',
    ]);
  });

  test('opens a port to each store that the model has a view in', () => {
    const opened = ingressOf(deploy({ catalog: everything }).templates.network);

    expect(opened).toEqual(
      expect.arrayContaining([
        'apply-keyspaces to wide-column 9142',
        'apply-opensearch to search 443',
        'query to search 443',
        'query to wide-column 9142',
        'schema to search 443',
        'schema to wide-column 9142',
      ]),
    );
    expect(opened.filter((rule) => rule.includes('archive'))).toEqual([]);
  });

  test('reaches Keyspaces by an interface endpoint behind a group of its own, and S3 by its gateway', () => {
    const { network } = deploy({ catalog: everything }).templates;

    network.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, '.cassandra']] },
      PrivateDnsEnabled: true,
      SecurityGroupIds: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('WideColumnServer'), 'GroupId'] }],
    });
    network.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, '.s3']] },
      VpcEndpointType: 'Gateway',
    });
  });

  test('lets no address range in anywhere', () => {
    for (const group of Object.values(template.findResources('AWS::EC2::SecurityGroup')))
      expect(group.Properties.SecurityGroupIngress).toBeUndefined();
    template.resourcePropertiesCountIs('AWS::EC2::SecurityGroupIngress', { CidrIp: Match.anyValue() }, 0);
  });

  test.each(['lambda', 'sts', 'secretsmanager'])(
    'has an endpoint for %s, without which Kafka triggers never poll',
    (service) => {
      template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
        ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, `.${service}`]] },
        PrivateDnsEnabled: true,
      });
    },
  );

  test('reaches DynamoDB by its gateway', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
  });

  test('takes zones by their number in the region, so that synth looks nothing up', () => {
    template.allResourcesProperties('AWS::EC2::Subnet', {
      AvailabilityZone: { 'Fn::Select': [Match.anyValue(), { 'Fn::GetAZs': '' }] },
    });
  });

  test('has a NAT gateway while credentials are checked with keys fetched from the issuer', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 1);
  });

  test('has no NAT gateway, no public subnet and no way out when the keys are a document', () => {
    const { network } = deploy({
      environment: {
        api: {
          ...dev.api,
          identity: { ...dev.api.identity, keys: { kind: 'document', document: '{"keys":[]}' } },
        },
      },
    }).templates;

    network.resourceCountIs('AWS::EC2::NatGateway', 0);
    network.resourceCountIs('AWS::EC2::InternetGateway', 0);
    network.resourceCountIs('AWS::EC2::Subnet', 2);
  });

  test('keeps the ranges of the stores when the way out comes or goes', () => {
    const ranges = (edges: readonly Edge[]): unknown[] => {
      const stack = new Stack(newApp(), 'Alone');
      new Network(stack, 'Network', { edges, availabilityZones: 2 });
      return Object.entries(Template.fromStack(stack).findResources('AWS::EC2::Subnet'))
        .filter(([id]) => id.includes('isolated'))
        .map(([, subnet]) => subnet.Properties.CidrBlock);
    };

    expect(ranges([{ from: 'query', to: 'internet' }])).toEqual(ranges([{ from: 'query', to: 'views' }]));
  });

  test('takes every rule from the VPC default group', () => {
    template.resourceCountIs('Custom::VpcRestrictDefaultSG', 1);
  });

  test('fails once with all that is wrong', () => {
    const build = () =>
      new Network(new Stack(newApp(), 'Alone'), 'Network', {
        edges: [],
        availabilityZones: 4,
        cidr: '10.0.0.0/24',
      });

    expect(build).toThrow(/2 problem\(s\):.*availabilityZones is 4.*cidr is '10.0.0.0\/24'/s);
  });
});
