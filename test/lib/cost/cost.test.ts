import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { costOf, free, paidByUse, prices, renderCostDifference, rules } from '../../../lib/cost/index.ts';
import type { CloudFormationTemplate } from '../../../lib/guard/index.ts';
import { deploy, environmentOf, root, templateOf } from '../deploy.ts';

const infrastructure = join(root, 'docs', 'infrastructure.md');

const stack = (Resources: CloudFormationTemplate['Resources']) => [
  { name: 'S', template: { Resources } as CloudFormationTemplate },
];
const nodes = (count: number) => ({
  Type: 'AWS::ElastiCache::ReplicationGroup',
  Properties: {
    Engine: 'valkey',
    CacheNodeType: 'cache.t4g.small',
    NumNodeGroups: count,
    ReplicasPerNodeGroup: 1,
  },
});

describe('the cost at rest', () => {
  test('counts what is there by its price', () => {
    const cost = costOf(
      stack({
        Nat: { Type: 'AWS::EC2::NatGateway' },
        Views: nodes(2),
        Cluster: {
          Type: 'AWS::RDS::DBCluster',
          Properties: { Engine: 'aurora-postgresql', ServerlessV2ScalingConfiguration: { MinCapacity: 2 } },
        },
        Writer: {
          Type: 'AWS::RDS::DBInstance',
          Properties: { DBInstanceClass: 'db.serverless', DBClusterIdentifier: { Ref: 'Cluster' } },
        },
      }),
    );

    // 0.045 + 4 × 0.0256 + 2 × 0.12, for 730 hours
    expect(cost.usdPerMonth).toBeCloseTo(730 * (0.045 + 0.1024 + 0.24), 6);
    expect(cost.notPriced).toEqual([]);
  });

  test('of a cluster that may pause is that of the least that is awake', () => {
    const cost = costOf(
      stack({
        Cluster: {
          Type: 'AWS::RDS::DBCluster',
          Properties: { Engine: 'aurora-postgresql', ServerlessV2ScalingConfiguration: { MinCapacity: 0 } },
        },
        Writer: {
          Type: 'AWS::RDS::DBInstance',
          Properties: { DBInstanceClass: 'db.serverless', DBClusterIdentifier: { Ref: 'Cluster' } },
        },
      }),
    );

    expect(cost.usdPerMonth).toBeCloseTo(730 * 0.06, 6);
  });

  test('of an alarm is that of each metric it reads, and of three where it learns a band', () => {
    const reads = (Id: string) => ({ Id, MetricStat: {} });
    const alarm = (Metrics?: readonly object[]) =>
      costOf(
        stack({
          A: { Type: 'AWS::CloudWatch::Alarm', Properties: Metrics === undefined ? {} : { Metrics } },
        }),
      ).usdPerMonth;

    expect(alarm()).toBeCloseTo(0.1, 6);
    expect(alarm([reads('a'), reads('b'), { Id: 'c', Expression: 'a + b' }])).toBeCloseTo(0.2, 6);
    expect(alarm([reads('a'), { Id: 'b', Expression: 'ANOMALY_DETECTION_BAND(a, 4)' }])).toBeCloseTo(0.3, 6);
  });

  test('is told to be without what no rule knows, or no price is written down for', () => {
    const cost = costOf(
      stack({
        Lake: { Type: 'AWS::Redshift::Cluster' },
        Broker: {
          Type: 'AWS::MSK::Cluster',
          Properties: {
            NumberOfBrokerNodes: 3,
            BrokerNodeGroupInfo: {
              InstanceType: 'kafka.m9g.large',
              StorageInfo: { EBSStorageInfo: { VolumeSize: 10 } },
            },
          },
        },
      }),
    );

    expect(cost.notPriced.map(({ type, why }) => `${type}: ${why}`)).toEqual([
      'AWS::Redshift::Cluster: no rule knows the type',
      'AWS::MSK::Cluster: no price of MSK kafka.m9g.large is written down',
    ]);
  });

  test('leaves no resource out: each is paid for, free by name, or not priced', () => {
    const types = [...Object.keys(rules), ...free, ...paidByUse, 'AWS::Redshift::Cluster', 'AWS::No::Such'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...types), { maxLength: 8 }), (chosen) => {
        const cost = costOf(stack(Object.fromEntries(chosen.map((Type, index) => [`R${index}`, { Type }]))));

        const silent = chosen.filter(
          (type, index) =>
            ![...cost.lines, ...cost.notPriced].some(({ path }) => path === `R${index}`) &&
            !free.includes(type) &&
            !paidByUse.includes(type),
        );
        // Those that are paid by use unless they say otherwise, and endpoints of gateways.
        const byRule = ['AWS::Cassandra::Table', 'AWS::EC2::VPCEndpoint', 'AWS::Lambda::EventSourceMapping'];
        expect(silent.filter((type) => !byRule.includes(type))).toEqual([]);
      }),
    );
  });

  test('grows by what is added, and the difference of a template to itself is nothing', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), (few, more) => {
        const before = costOf(stack({ A: nodes(few) }));
        const after = costOf(stack({ A: nodes(few + more) }));

        expect(after.usdPerMonth - before.usdPerMonth).toBeCloseTo(more * 2 * 0.0256 * 730, 6);
        expect(renderCostDifference(after, after)).toMatch(/^\+\$0\.00 a month/);
      }),
    );
  });

  test('has a page of AWS and a unit for each price', () => {
    for (const [name, { usd, source }] of Object.entries(prices)) {
      expect([name, source]).toEqual([
        name,
        expect.stringMatching(/^https:\/\/aws\.amazon\.com\/.*\/pricing\/$/),
      ]);
      expect(usd).toBeGreaterThan(0);
    }
  });

  test('is told with the prices that were found in no copy of the price list', () => {
    const alone = Object.entries(prices).filter(([, { agrees }]) => agrees === undefined);

    expect(alone.map(([name]) => name)).toEqual([
      'MSK kafka.m7g.large',
      ...['Fargate arm64 vCPU', 'Fargate arm64 GiB', 'Application load balancer'],
    ]);
    for (const [name] of alone) expect(readFileSync(infrastructure, 'utf8')).toContain(`${name} (`);
  });

  test.each(['dev', 'staging', 'prod'])('of %s prices every class that it uses', (name) => {
    const deployed = deploy({ environment: environmentOf(name) });

    const cost = costOf(
      deployed.parts.map((part) => ({ name: part, template: templateOf(deployed, part).toJSON() })),
    );

    expect(cost.usdPerMonth).toBeGreaterThan(100);
    expect(cost.notPriced.filter(({ why }) => why.startsWith('no price of'))).toEqual([]);
  });
});

test('a difference says what there is more of, and what it costs', () => {
  expect(renderCostDifference(costOf(stack({ A: nodes(1) })), costOf(stack({ A: nodes(2) })))).toBe(
    [
      '+$37.38 a month at rest: $37.38 before, $74.75 after (list prices of us-east-1 as of 2026-11-26, on demand)',
      '',
      '- Valkey cache.t4g.small: 2 → 4, +$37.38',
    ].join('\n'),
  );
});
