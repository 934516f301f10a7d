import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { SearchStore } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** One small search node, for a trial. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersSearch');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }) as ec2.IVpc;
  new SearchStore(stack, 'Search', {
    domainName: 'orders',
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    zones: 1,
    dataNodes: 1,
    dataNodeType: 't3.small.search',
    storageGibPerNode: 10,
  });
  return stack;
};
