import { Stack } from 'aws-cdk-lib';
import { MultiAzCluster, Network } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** PostgreSQL on RDS with two standbys that can be read, in three zones. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersMultiAz');
  const network = new Network(stack, 'Network', {
    edges: [{ from: 'query', to: 'relational' }],
    availabilityZones: 3,
  });
  new MultiAzCluster(stack, 'Relational', {
    vpc: network.vpc,
    vpcSubnets: network.isolated,
    securityGroups: [network.serverGroup('relational')],
    instanceClass: 'r6gd.large',
    storageGib: 100,
  });
  return stack;
};
