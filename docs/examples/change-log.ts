import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { ChangeLog } from '../../lib/index.ts';
import type { Example } from './example.ts';

/** Two brokers, for a trial. */
export const example: Example = (app) => {
  const stack = new Stack(app, 'OrdersLog');
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }) as ec2.IVpc;
  new ChangeLog(stack, 'Log', {
    clusterName: 'orders',
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    brokerType: 't3.small',
    brokers: 2,
    storageGibPerBroker: 50,
    replication: 2,
    minimumInSyncReplicas: 1,
  });
  return stack;
};
