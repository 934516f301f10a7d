import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { RelationalStore } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Aurora with a reader for reports, in a VPC of yours. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersDatabase');
  const vpc = new ec2.Vpc(stack, 'Vpc') as ec2.IVpc;
  const store = new RelationalStore(stack, 'Relational', {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    minimumAcu: 0.5,
    maximumAcu: 8,
    workloadReaders: { reporting: { count: 1, instanceClass: 'serverless', promotionTier: 15 } },
  });
  // Nobody may connect until you say who.
  store.connections.allowDefaultPortFrom(new ec2.SecurityGroup(stack, 'App', { vpc }));
  return stack;
};
