import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { LimitlessCluster } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Aurora Limitless. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersLimitless');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 3 }) as ec2.IVpc;
  new LimitlessCluster(stack, 'Relational', {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    maximumAcu: 768,
  });
  return stack;
};
