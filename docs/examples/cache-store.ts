import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CacheStore } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** A Valkey that never evicts. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersViews');
  const vpc = new ec2.Vpc(stack, 'Vpc') as ec2.IVpc;
  new CacheStore(stack, 'Views', {
    eviction: 'noeviction',
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    nodeType: 'cache.t4g.small',
  });
  return stack;
};
