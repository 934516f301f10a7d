import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { RelationalStore } from '../../../../lib/index.ts';
import { stackAlone } from './alone.ts';

const names = Array.from({ length: 16 }, (_, shard) => `shard_${String(shard).padStart(2, '0')}`);

describe('sixteen clusters', () => {
  const stores: RelationalStore[] = [];
  const stack = stackAlone((scope, vpc) => {
    const dashboard = { count: 1, instanceClass: 'serverless', promotionTier: 1 };
    for (const name of names)
      stores.push(
        new RelationalStore(scope, name, { vpc, readers: 0, workloadReaders: { dashboard }, proxy: true }),
      );
  });
  const template = Template.fromStack(stack);

  test('are sixteen of the same construct', () => {
    expect([names[0], names[15]]).toEqual(['shard_00', 'shard_15']);
    template.resourceCountIs('AWS::RDS::DBCluster', 16);
    template.resourceCountIs('AWS::KMS::Key', 16);
  });

  test.each([
    ['AWS::RDS::DBClusterEndpoint', 'DBClusterEndpointIdentifier'],
    ['AWS::RDS::DBProxy', 'DBProxyName'],
    ['AWS::RDS::DBProxyEndpoint', 'DBProxyEndpointName'],
  ])('share no name of a %s', (type, property) => {
    const found = Object.values(template.findResources(type)).map(({ Properties }) => Properties[property]);

    expect(new Set(found).size).toBe(16);
    for (const name of found) expect(name).toMatch(/^[a-z](-?[a-z0-9])*$/);
    for (const name of found) expect(name.length).toBeLessThanOrEqual(63);
  });

  test('share no endpoint, secret or group', () => {
    const of = (read: (store: RelationalStore) => unknown) =>
      new Set(stores.map((store) => JSON.stringify(stack.resolve(read(store))))).size;

    expect(of((store) => store.writerEndpoint)).toBe(16);
    expect(of((store) => store.endpointOf('dashboard'))).toBe(16);
    expect(of((store) => store.secret.secretArn)).toBe(16);
    expect(of((store) => store.connections.securityGroups.map((group) => group.securityGroupId))).toBe(16);
  });
});
