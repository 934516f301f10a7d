import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { RelationalInstance } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** PostgreSQL on RDS in place of Aurora. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersInstance');
  const vpc = new ec2.Vpc(stack, 'Vpc') as ec2.IVpc;
  new RelationalInstance(stack, 'Relational', {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    instanceClass: 'r8g.large',
    storageGib: 100,
  });
  return stack;
};
